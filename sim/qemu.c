/* SPDX-License-Identifier: MIT */
/*
 * Starts QEMU as a child, waits for its end and says what it was.
 *
 * Every line of the guest is a descriptor that the child inherits; nothing of
 * the guest is reachable from elsewhere, except by --socket and --gdb.
 */
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "boot.h"
#include "guest_memory.h"
#include "listener.h"
#include "machine/pc/layout.h"
#include "options.h"
#include "relay.h"
#include "run.h"
#include "session.h"
#include "terminal.h"

#define QEMU_PROGRAM "qemu-system-x86_64"
#define QEMU_PACKAGE "qemu-system-x86"
#define QEMU_IMAGE "clew.elf"
#define QEMU_SCRIPT "boot/script" /* members of the archive */
#define QEMU_FILES "boot/files"

/* What isa-debug-exit makes of a status, and how QEMU ends otherwise. */
#define QEMU_EXIT(status) (2 * (PC_DEBUG_EXIT_BASE + (status)) + 1)
#define QEMU_EXIT_RESET 0
#define QEMU_EXIT_FAILED 1

struct qemu_options {
	struct options shared;
	char *image, *machine;
	char *gdb; /* QEMU's name of the place where gdb connects */
};

static struct {
	GPid pid; /* 0: not running */
	bool ended;
	int wait_status;
	int signal; /* that ends this process; 0: none came */
} qemu;

/* The host's and the guest's end of each line; -1: there is none. */
struct qemu_lines {
	int terminal[2], control[2], log[2], bulk[2];
	int initrd, trace;
};

/* What QEMU inherits and how it is told. */
struct qemu_call {
	GPtrArray *words;
	GArray *fds;
};

/* ---- options ---------------------------------------------------------------- */

static char *qemu_gdb_place; /* G_OPTION_ARG_CALLBACK has no other way out */

/* In QEMU's option values a comma is doubled. */
static char *qemu_quote(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ",", -1);

	return g_strjoinv(",,", parts);
}

static gboolean qemu_parse_gdb(const char *name, const char *value, gpointer unused, GError **error)
{
	const char *place = value ? value : "1234";
	g_autofree char *quoted = qemu_quote(place);
	guint64 port;

	if (strchr(place, '/')) {
		qemu_gdb_place = g_strdup_printf("unix:%s,server=on,wait=off", quoted);
	} else if (g_ascii_string_to_unsigned(place, 10, 1, 65535, &port, NULL)) {
		qemu_gdb_place = g_strdup_printf("tcp:127.0.0.1:%s", place);
	} else {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			    "--gdb: expected a port or the path of a socket with a /, found %s",
			    place);
		return FALSE;
	}
	g_printerr("clew boot: the machine waits for gdb: target remote %s%s\n",
		   strchr(place, '/') ? "" : ":", place);
	return TRUE;
}

static gboolean qemu_parse(int *argc, char ***argv, struct qemu_options *ret, GError **error)
{
	const GOptionEntry own[] = {
		{ "machine", 0, 0, G_OPTION_ARG_STRING, &ret->machine,
		  "QEMU's machine: pc, q35 or microvm (pc)", "NAME" },
		{ "gdb", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, qemu_parse_gdb,
		  "Wait for gdb before the first instruction (1234)", "PORT_OR_PATH" },
		{ "image", 0, 0, G_OPTION_ARG_FILENAME, &ret->image,
		  "Boot this image instead of clew.elf", "FILE" },
		G_OPTION_ENTRY_NULL,
	};

	if (!options_parse(argc, argv, "Starts the system in a virtual machine (QEMU).", own,
			   &ret->shared, error))
		return FALSE;
	ret->gdb = qemu_gdb_place;
	if (!ret->machine)
		ret->machine = (char *)"pc";
	if (strcmp(ret->machine, "pc") == 0 || strcmp(ret->machine, "q35") == 0 ||
	    strcmp(ret->machine, "microvm") == 0)
		return TRUE;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		    "--machine: expected pc, q35 or microvm, found %s", ret->machine);
	return FALSE;
}

/* ---- files ------------------------------------------------------------------- */

static gboolean qemu_fail(const char *what, GError **error)
{
	int e = errno;

	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(e), "%s: %s", what, g_strerror(e));
	return FALSE;
}

static gboolean qemu_find_image(struct qemu_options *options, GError **error)
{
	if (!options->image)
		options->image = boot_find_file(QEMU_IMAGE, "the image", error);
	if (!options->image)
		return FALSE;
	return access(options->image, R_OK) == 0 || qemu_fail(options->image, error);
}

/* The member NULL: as it is.  Consumes the archive. */
static GBytes *qemu_add(GBytes *archive, const char *name, GBytes *member, GError **error)
{
	g_autoptr(GBytes) before = archive;

	if (!member || !archive)
		return g_steal_pointer(&before);
	return archive_prepend(before, name, member, error);
}

/* The archive of cells with all else in it: a guest is given one file. */
static GBytes *qemu_pack(const struct options *options, bool *ret_scripted, GError **error)
{
	struct boot_files files = { 0 };
	g_autoptr(GBytes) own_nano_core = NULL;
	GBytes *packed;

	if (!options_load_script(options, &files.script, error) ||
	    !options_load_files(options, &files.files, error) ||
	    !boot_load(options->cells, (const char *const *)options->added, &files, error))
		return NULL;
	*ret_scripted = files.script != NULL;
	packed = files.cells;
	own_nano_core = archive_find(packed, ARCHIVE_NANO_CORE, NULL);
	if (!own_nano_core)
		packed = qemu_add(packed, ARCHIVE_NANO_CORE, files.nano_core, error);
	packed = qemu_add(packed, QEMU_FILES, files.files, error);
	return qemu_add(packed, QEMU_SCRIPT, files.script, error);
}

static int qemu_open_memory(GBytes *content)
{
	int fd = memfd_create("clew-cells", MFD_CLOEXEC);
	gsize size;
	const char *at = g_bytes_get_data(content, &size);

	while (fd >= 0 && size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno != EINTR) {
			close(fd);
			return -1;
		}
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		}
	}
	return fd;
}

/* ---- lines -------------------------------------------------------------------- */

static gboolean qemu_open_pair(int pair[2], GError **error)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return qemu_fail("a line of the machine", error);
	if (fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0)
		return qemu_fail("a line of the machine", error);
	return TRUE;
}

/*
 * A telnet connection, which is what makes QEMU take a BREAK from its host,
 * but only as the server: it gets the listening socket, with the connection
 * in its queue and no name left by which another could come.
 */
static gboolean qemu_open_telnet(int pair[2], GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	g_autofree char *folder = g_dir_make_tmp("clew-XXXXXX", error);
	bool connected;

	if (!folder)
		return FALSE;
	g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/line", folder);
	pair[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pair[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	connected = pair[0] >= 0 && pair[1] >= 0 &&
		    bind(pair[1], (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    listen(pair[1], 1) == 0 &&
		    connect(pair[0], (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0;
	if (!connected)
		qemu_fail("the control line of the machine", error);
	unlink(address.sun_path);
	rmdir(folder);
	return connected;
}

/* What was sent and is then taken back cannot be much. */
static void qemu_shorten(int fd)
{
	int size = 2048;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static gboolean qemu_open_lines(const struct qemu_options *options, GBytes *initrd,
				struct qemu_lines *ret, GError **error)
{
	const char *trace = options->shared.trace;

	*ret = (struct qemu_lines){ .bulk = { -1, -1 }, .trace = -1 };
	ret->initrd = qemu_open_memory(initrd);
	if (ret->initrd < 0)
		return qemu_fail("memory for the cells", error);
	if (trace) {
		ret->trace = open(trace, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (ret->trace < 0)
			return qemu_fail(trace, error);
	}
	if (!qemu_open_pair(ret->terminal, error) || !qemu_open_pair(ret->log, error) ||
	    !qemu_open_telnet(ret->control, error))
		return FALSE;
	qemu_shorten(ret->terminal[0]);
	qemu_shorten(ret->control[0]);
	/* There is no PCI bus on a microvm. */
	return strcmp(options->machine, "microvm") == 0 || qemu_open_pair(ret->bulk, error);
}

static void qemu_close_guest_ends(const struct qemu_lines *lines)
{
	const int fds[] = { lines->terminal[1], lines->control[1], lines->log[1],
			    lines->bulk[1],	lines->initrd,	   lines->trace };

	for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

/* ---- command line --------------------------------------------------------------- */

__attribute__((sentinel)) static void qemu_say(struct qemu_call *call, const char *word, ...)
{
	va_list words;

	va_start(words, word);
	for (; word; word = va_arg(words, const char *))
		g_ptr_array_add(call->words, g_strdup(word));
	va_end(words);
}

/* -chardev with a descriptor's number in it, and the device at its end. */
static void qemu_say_line(struct qemu_call *call, int fd, const char *format, const char *device)
{
	g_autofree char *number = g_strdup_printf("%d", fd);
	g_auto(GStrv) parts = g_strsplit(format, "%", 2);
	g_autofree char *chardev = g_strjoinv(number, parts);

	g_array_append_val(call->fds, fd);
	qemu_say(call, "-chardev", chardev, "-device", device, NULL);
}

static void qemu_say_lines(struct qemu_call *call, const struct qemu_lines *lines)
{
	qemu_say_line(call, lines->terminal[1], "socket,id=com1,fd=%",
		      "isa-serial,index=0,chardev=com1");
	qemu_say_line(call, lines->control[1], "socket,id=com2,fd=%,server=on,wait=off,telnet=on",
		      "isa-serial,index=1,chardev=com2");
	qemu_say_line(call, lines->log[1], "socket,id=log,fd=%",
		      "isa-debugcon,iobase=" G_STRINGIFY(PC_PORT_LOG) ",chardev=log");
	if (lines->trace >= 0)
		qemu_say_line(call, lines->trace, "file,id=trace,path=/proc/self/fd/%",
			      "isa-debugcon,iobase=" G_STRINGIFY(PC_PORT_TRACE) ",chardev=trace");
	if (lines->bulk[1] >= 0) {
		qemu_say(call, "-device", "virtio-serial-pci,disable-legacy=off,disable-modern=on",
			 NULL);
		qemu_say_line(call, lines->bulk[1], "socket,id=bulk,fd=%",
			      "virtconsole,chardev=bulk");
	}
}

/* The words of machine/pc/boot/boot.h. */
static char *qemu_words(const struct options *options, bool interactive)
{
	g_autoptr(GString) words = g_string_new("debug-exit");

	if (interactive)
		g_string_append(words, " interactive");
	if (options->trace)
		g_string_append(words, " trace");
	if (options->seed_text)
		g_string_append_printf(words, " seed=%" G_GUINT64_FORMAT, options->seed);
	return g_string_free(g_steal_pointer(&words), FALSE);
}

/* microvm: its one serial port is ours to give, and the command line is not added to. */
static void qemu_say_all(struct qemu_call *call, const struct qemu_options *options,
			 const struct qemu_lines *lines, bool interactive)
{
	bool is_microvm = strcmp(options->machine, "microvm") == 0;
	g_autofree char *memory =
		g_strdup_printf("%" G_GUINT64_FORMAT "B", options->shared.memory_size);
	g_autofree char *initrd = g_strdup_printf("/proc/self/fd/%d", lines->initrd);
	g_autofree char *words = qemu_words(&options->shared, interactive);

	qemu_say(call, "-accel", "tcg", "-nodefaults", "-no-user-config", "-display", "none",
		 "-no-reboot", NULL);
	qemu_say(call, "-M",
		 is_microvm ? "microvm,isa-serial=off,auto-kernel-cmdline=off" : options->machine,
		 "-m", memory, NULL);
	qemu_say(call, "-kernel", options->image, "-initrd", initrd, "-append", words, NULL);
	g_array_append_val(call->fds, lines->initrd);
	qemu_say_lines(call, lines);
	qemu_say(call, "-device",
		 "isa-debug-exit,iobase=" G_STRINGIFY(PC_PORT_DEBUG_EXIT) ",iosize=4", NULL);
	if (options->gdb)
		qemu_say(call, "-gdb", options->gdb, "-S", NULL);
	g_ptr_array_add(call->words, NULL);
}

/* ---- child ----------------------------------------------------------------------- */

/*
 * Between fork and exec.  A group of its own: keys that make signals are not
 * for QEMU.  It dies when its parent does, however that ends.
 */
static void qemu_on_fork(gpointer parent)
{
	setsid();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != GPOINTER_TO_INT(parent))
		_exit(QEMU_EXIT_FAILED);
}

static void qemu_on_end(GPid pid, gint wait_status, gpointer unused)
{
	qemu.ended = true;
	qemu.wait_status = wait_status;
}

static gboolean qemu_spawn(const struct qemu_call *call, GError **error)
{
	const int *fds = (const int *)(void *)call->fds->data;

	if (!g_spawn_async_with_pipes_and_fds(
		    NULL, (const char *const *)call->words->pdata, NULL,
		    G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, qemu_on_fork,
		    GINT_TO_POINTER(getpid()), -1, -1, -1, fds, fds, call->fds->len, &qemu.pid,
		    NULL, NULL, NULL, error))
		return FALSE;
	g_child_watch_add(qemu.pid, qemu_on_end, NULL);
	return TRUE;
}

static void qemu_kill(void)
{
	if (qemu.pid == 0 || qemu.ended)
		return;
	kill(qemu.pid, SIGKILL);
	waitpid(qemu.pid, NULL, 0);
	qemu.ended = true;
}

/* ---- ends ------------------------------------------------------------------------- */

static gboolean qemu_on_signal(gpointer number)
{
	qemu.signal = GPOINTER_TO_INT(number);
	return G_SOURCE_CONTINUE;
}

static gboolean qemu_on_interrupt(gpointer unused)
{
	relay_interrupt();
	return G_SOURCE_CONTINUE;
}

/* While a script runs, SIGINT is the key on the guest's terminal. */
static void qemu_catch_ends(bool scripted)
{
	g_unix_signal_add(SIGTERM, qemu_on_signal, GINT_TO_POINTER(SIGTERM));
	g_unix_signal_add(SIGHUP, qemu_on_signal, GINT_TO_POINTER(SIGHUP));
	g_unix_signal_add(SIGINT, scripted ? qemu_on_interrupt : qemu_on_signal,
			  GINT_TO_POINTER(SIGINT));
	signal(SIGPIPE, SIG_IGN);
}

static int qemu_status(void)
{
	int status = WEXITSTATUS(qemu.wait_status);

	if (WIFSIGNALED(qemu.wait_status)) {
		g_printerr("clew boot: QEMU was killed by signal %d (%s)\n",
			   WTERMSIG(qemu.wait_status), g_strsignal(WTERMSIG(qemu.wait_status)));
		return MACHINE_DIED;
	}
	switch (status) {
	case QEMU_EXIT(MACHINE_DOWN):
	case QEMU_EXIT(MACHINE_COMMAND_FAILED):
	case QEMU_EXIT(MACHINE_NO_BOOT):
	case QEMU_EXIT(MACHINE_DIED):
		return (status - QEMU_EXIT(0)) / 2;
	case QEMU_EXIT_RESET:
		g_printerr("clew boot: the guest reset itself (triple fault?)\n");
		return MACHINE_DIED;
	case QEMU_EXIT_FAILED:
		g_printerr("clew boot: QEMU could not run the machine\n");
		return MACHINE_NO_BOOT;
	default:
		g_printerr("clew boot: expected QEMU to end with %d, %d, %d or %d, found %d\n",
			   QEMU_EXIT(MACHINE_DOWN), QEMU_EXIT(MACHINE_COMMAND_FAILED),
			   QEMU_EXIT(MACHINE_NO_BOOT), QEMU_EXIT(MACHINE_DIED), status);
		return MACHINE_DIED;
	}
}

static _Noreturn void qemu_die_of_signal(void)
{
	qemu_kill();
	relay_flush();
	terminal_restore();
	listener_remove();
	signal(qemu.signal, SIG_DFL);
	raise(qemu.signal);
	_exit(128 + qemu.signal);
}

static int qemu_wait(void)
{
	while (!qemu.signal && !(qemu.ended && relay_is_over())) {
		relay_update();
		session_update();
		g_main_context_iteration(NULL, TRUE);
	}
	if (qemu.signal)
		qemu_die_of_signal();
	session_end();
	terminal_restore();
	listener_remove();
	return qemu_status();
}

/* ---- start ------------------------------------------------------------------------- */

static gboolean qemu_start(struct qemu_options *options, const char *program, GError **error)
{
	g_autoptr(GBytes) initrd = NULL;
	GSocket *listener = NULL;
	struct qemu_lines lines;
	struct qemu_call call = { g_ptr_array_new(), g_array_new(FALSE, FALSE, sizeof(int)) };
	bool scripted = false, interactive;
	int r;

	initrd = qemu_find_image(options, error) ? qemu_pack(&options->shared, &scripted, error)
						 : NULL;
	if (!initrd ||
	    !guest_memory_check(options->shared.memory_size, options->image,
				g_bytes_get_size(initrd), error) ||
	    !qemu_open_lines(options, initrd, &lines, error))
		return FALSE;
	if (options->shared.socket) {
		listener = listener_open(options->shared.socket, error);
		if (!listener)
			return FALSE;
	}
	interactive = !scripted && terminal_is_there();
	qemu_say(&call, program, NULL);
	qemu_say_all(&call, options, &lines, interactive);
	qemu_catch_ends(scripted);
	if (!qemu_spawn(&call, error))
		return FALSE;
	qemu_close_guest_ends(&lines);
	relay_init(lines.terminal[0], lines.log[0], !scripted);
	session_init(listener, lines.control[0], lines.bulk[0]);
	r = interactive ? terminal_set_raw() : 0;
	errno = -r;
	return r == 0 || qemu_fail("terminal", error);
}

int qemu_command(int argc, char **argv)
{
	struct qemu_options options = { 0 };
	g_autofree char *program = NULL;
	g_autoptr(GError) error = NULL;

	if (!qemu_parse(&argc, &argv, &options, &error)) {
		g_printerr("clew boot: %s\nTry `clew boot --help`.\n", error->message);
		return RUN_USAGE;
	}
	program = g_find_program_in_path(QEMU_PROGRAM);
	if (!program) {
		g_printerr("clew boot: " QEMU_PROGRAM
			   " is not installed: apt-get install " QEMU_PACKAGE "\n");
		return MACHINE_NO_BOOT;
	}
	if (!qemu_start(&options, program, &error)) {
		qemu_kill();
		listener_remove();
		g_printerr("clew boot: %s\n", error->message);
		return MACHINE_NO_BOOT;
	}
	return qemu_wait();
}
