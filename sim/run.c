/* SPDX-License-Identifier: MIT */
/*
 * Reads the options, builds the machine and starts it; ends it.
 *
 * No function here knows what runs inside.
 */
#include "run.h"

#include <gio/gio.h>
#include <signal.h>
#include <unistd.h>

#include "boot.h"
#include "death.h"
#include "debug.h"
#include "guard.h"
#include "io.h"
#include "memory.h"
#include "options.h"
#include "terminal.h"
#include "timer.h"
#include "trace.h"
#include "trap.h"
#include "uart.h"
#include "valgrind.h"

struct run_options {
	struct options shared;
	gboolean private, unguarded, debug;
	char *debug_files, *images; /* NULL: not given */
};

static bool run_is_seeded;

/* ---- options ---------------------------------------------------------------- */

static gboolean run_parse(int *argc, char ***argv, struct run_options *ret, GError **error)
{
	const GOptionEntry own[] = {
		{ "private", 0, 0, G_OPTION_ARG_NONE, &ret->private,
		  "Private memory, for debuggers and forks", NULL },
		{ "unguarded", 0, 0, G_OPTION_ARG_NONE, &ret->unguarded,
		  "Let system calls from inside reach the host, for Valgrind", NULL },
		{ "debug", 'g', 0, G_OPTION_ARG_NONE, &ret->debug,
		  "Names and lines of cells for gdb, Valgrind and perf; implies --private", NULL },
		{ "debug-files", 0, 0, G_OPTION_ARG_FILENAME, &ret->debug_files,
		  "Look for side files (*.debug) in DIR as well", "DIR" },
		{ "images", 0, 0, G_OPTION_ARG_FILENAME, &ret->images,
		  "With --debug: leave what was loaded in DIR as ELF files", "DIR" },
		G_OPTION_ENTRY_NULL,
	};

	return options_parse(argc, argv, "Starts the system in this process.", own, &ret->shared,
			     error);
}

/* ---- start ------------------------------------------------------------------ */

static gboolean run_load(const struct options *options, struct boot_files *files, GError **error)
{
	return options_load_script(options, &files->script, error) &&
	       options_load_files(options, &files->files, error) &&
	       boot_load(options->cells, (const char *const *)options->added, files, error);
}

static gboolean run_check(int r, const char *what, GError **error)
{
	if (r < 0)
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-r), "%s: %s", what,
			    g_strerror(-r));
	return r >= 0;
}

/* Ended from outside: puts everything back and dies of the same signal. */
static void run_on_end(int number)
{
	death_put_back();
	signal(number, SIG_DFL);
	raise(number);
}

/*
 * A script leaves the terminal as it was, so Ctrl-C comes as a signal; for the
 * system it is the key on its terminal.  Nothing else feeds that line then.
 */
static void run_on_interrupt(int number)
{
	static const uint8_t key = 0x03;

	(void)number;
	(void)uart_receive(UART_TERMINAL, &key, 1);
}

static void run_catch_ends(bool scripted)
{
	struct sigaction action = { .sa_handler = run_on_end, .sa_flags = SA_ONSTACK | SA_NODEFER };

	sigfillset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	if (scripted)
		action.sa_handler = run_on_interrupt;
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static gboolean run_debug(const struct run_options *options, const struct boot_files *files,
			  GError **error)
{
	const struct debug_options debug = {
		.cells = files->path,
		.folder = options->debug_files,
		.images = options->images,
	};

	return !options->debug || debug_init(&debug, error);
}

static gboolean run_build(const struct options *options, enum memory_mode mode,
			  const struct boot_files *files, GError **error)
{
	bool scripted = files->script != NULL;
	bool interactive = !scripted && terminal_is_there();
	uint32_t flags = (options->seed_text ? MACHINE_SEEDED : 0) |
			 (options->trace ? MACHINE_TRACE : 0) |
			 (interactive ? MACHINE_INTERACTIVE : 0);

	run_is_seeded = options->seed_text != NULL;
	valgrind_init();
	uart_init();
	if (options->trace && !run_check(trace_open(options->trace), options->trace, error))
		return FALSE;
	if (!run_check(memory_init(options->memory_size, mode), "memory", error) ||
	    !run_check(trap_init(), "signals", error) ||
	    !run_check(timer_init(run_is_seeded ? &options->seed : NULL), "timer", error) ||
	    !boot_prepare(files, flags, error))
		return FALSE;
	if (options->socket && !io_listen(options->socket, error))
		return FALSE;
	run_catch_ends(scripted);
	io_start(!scripted);
	if (interactive)
		return run_check(terminal_set_raw(), "terminal", error);
	return TRUE;
}

static gboolean run_guard(const struct run_options *options, GError **error)
{
	int r;

	/* Valgrind's own code runs outside the window and would be taken for the system's. */
	if (options->unguarded || valgrind_is_there())
		return TRUE;
	r = guard_init(MEMORY_WINDOW, MEMORY_WINDOW + memory_size());
	if (r < 0)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    "expected a host that traps system calls by address, found neither"
			    " syscall user dispatch nor seccomp (%s); --unguarded runs without",
			    g_strerror(-r));
	return r == 0;
}

int run_command(int argc, char **argv)
{
	struct run_options options = { 0 };
	struct boot_files files = { 0 };
	g_autoptr(GError) error = NULL;
	int r = memory_reserve();

	if (!run_parse(&argc, &argv, &options, &error)) {
		g_printerr("clew run: %s\nTry `clew run --help`.\n", error->message);
		return RUN_USAGE;
	}
	if (!run_check(r, "the window at " G_STRINGIFY(MEMORY_WINDOW), &error) ||
	    !run_load(&options.shared, &files, &error) || !run_debug(&options, &files, &error) ||
	    !run_build(&options.shared,
		       options.private || options.debug ? MEMORY_PRIVATE : MEMORY_SHARED, &files,
		       &error) ||
	    !run_guard(&options, &error)) {
		death_put_back();
		g_printerr("clew run: %s\n", error->message);
		return MACHINE_NO_BOOT;
	}
	boot_start();
}

/* ---- what the system asks of the machine as a whole --------------------------- */

/* Nothing will ever be pending: the system has come to a standstill. */
static _Noreturn void run_end_standstill(void)
{
	death_exit(MACHINE_DIED,
		   "the system waits for ever: no timer is armed and no input can come");
}

void run_idle(void)
{
	bool has_input = io_has_input();

	uart_flush();
	/* After has_input was read: what came before it is on a line by now. */
	uart_raise_requests();
	if (trap_is_pending())
		return;
	if (run_is_seeded && timer_skip() && trap_is_pending())
		return;
	if (!has_input && !timer_is_armed() && !trap_is_pending())
		run_end_standstill();
	trap_wait();
}

void run_log(const char *text, size_t size)
{
	uart_flush_terminal();
	while (size > 0) {
		ssize_t n = write(STDERR_FILENO, text, size);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			text += n;
			size -= (size_t)n;
		}
	}
}

_Noreturn void run_halt(enum machine_status status)
{
	uart_flush();
	io_stop();
	death_put_back();
	_exit((int)status);
}
