/* SPDX-License-Identifier: MIT */
/*
 * The shell: takes commands from the terminal, a script or another cell, and
 * runs each in a task of its own.
 *
 * It keeps the jobs and whether a command failed; lines and history are the
 * console's.  A command that crashes ends alone.
 */
#include <clew/shell.h>

#include <clew/cell.h>
#include <clew/child.h>
#include <clew/console.h>
#include <clew/fs.h>
#include <clew/log.h>
#include <clew/machine.h>

#include "base/format.h"
#include "base/string.h"
#include "command.h"
#include "jobs.h"
#include "line.h"

#define INPUT_MAX 512
#define PROMPT "clew> "
#define RETRY_NS (100 * NS_PER_MS)

struct shell_state {
	struct jobs jobs;
	bool failed; /* a command on the terminal failed */
	bool greeted;
	size_t script_at;  /* bytes of the script that were executed */
	task_handle shell; /* the task that takes commands; its keeper's */
	uint32_t restarts;
};

CELL_STATE(shell, "jobs outlive the command that started them") = { 0 };

struct jobs *shell_jobs(void)
{
	return &shell_state.jobs;
}

bool shell_is_interactive(void)
{
	return machine_info()->flags & MACHINE_INTERACTIVE;
}

static const struct machine_module *find_script(void)
{
	const struct machine_info *machine = machine_info();

	for (uint32_t i = 0; i < machine->n_modules; i++) {
		if (string_equal(machine->modules[i].name, "script"))
			return &machine->modules[i];
	}
	return NULL;
}

/* A person has seen what failed; a script's caller is told by the exit status. */
static bool scripted(void)
{
	return find_script() || !shell_is_interactive();
}

_Noreturn void shell_shutdown(void)
{
	jobs_stop_all();
	log_write("shell: shutdown");
	machine_halt(scripted() && shell_state.failed ? MACHINE_COMMAND_FAILED : MACHINE_DOWN);
}

/* ---- one command, in its task ------------------------------------------------------ */

struct errand {
	const struct line *line; /* the parent's, which outlives the errand */
	int client;		 /* stream of who gave the command */
};

static int take_json(const struct line *line, const char **argv, struct call *call)
{
	int argc = 0;

	for (int i = 0; i < line->argc; i++) {
		if (i > 0 && call->command->json && string_equal(line->argv[i], "--json"))
			call->json = true;
		else
			argv[argc++] = line->argv[i];
	}
	argv[argc] = NULL;
	return argc;
}

static int do_errand(struct errand errand)
{
	const struct line *line = errand.line;
	const char *argv[LINE_WORDS_MAX + 1];
	struct call call = {
		.argv = argv,
		.background = line->background,
		.client = errand.client,
	};

	call.command = command_find(line->argv[0]);
	if (!call.command) {
		report_line(call.client, "%s: no such command; help lists them\n", line->argv[0]);
		return STATUS_FAILED;
	}
	if (line->background && call.command->run != command_run) {
		report_line(call.client, "%s: only run goes to the background\n", line->argv[0]);
		return STATUS_FAILED;
	}
	call.argc = take_json(line, argv, &call);
	return call.command->run(&call);
}
TASK_ENTRY_PLAIN(do_errand, struct errand);

/* ---- commands, from whom they come ---------------------------------------------------- */

OWNER(foreground); /* word: 1 while the console has a task to kill on Ctrl-C */
OWN_IMPLEMENTS(foreground, "the word says that Ctrl-C kills a task");

static void foreground_cleanup(foreground *place)
{
	if (place->word != 0)
		console_set_foreground(0);
	place->word = 0;
}

static foreground foreground_of(uint64_t task, int stream)
{
	if (stream != CONSOLE_TERMINAL)
		return (foreground)OWNER_EMPTY;
	console_set_foreground(task);
	return (foreground){ 1 };
}

/* Runs it for the client at the stream; what it prints goes to `output`. */
static int execute_task(const struct line *line, int stream, int output)
{
	struct errand errand = { line, stream };
	struct task_options options = { .name = line->argv[0], .output = output };
	OWN(task_handle, handle) = OWNER_EMPTY;
	struct task_exit exit;
	int r = TASK_SPAWN(do_errand, &errand, &options, &handle);

	if (r < 0) {
		report_line(stream, "%s: cannot start a task: %s\n", line->argv[0],
			    report_error_text(r));
		return STATUS_FAILED;
	}
	OWN(task_child, child) = task_child_of(MOVE(handle));
	OWN(foreground, front) = foreground_of(task_child_id(&child), stream);
	r = task_join(task_child_handle(&child), WAIT_FOREVER, &exit);
	if (r != 0 || exit.end == TASK_KILLED)
		return STATUS_FAILED;
	if (exit.end == TASK_CRASHED)
		report_crash(stream, line->argv[0], exit.value);
	return exit.end == TASK_CRASHED ? STATUS_FAILED : exit.value;
}

/* The status of a command whose output went to a file, which must all be there. */
static int check_output(const struct line *line, int stream, int output, int status)
{
	uint64_t lost;

	if (fs_stream_lost(output, &lost) != 0)
		report_line(stream, "%s: %s: was removed meanwhile\n", line->argv[0], line->output);
	else if (lost > 0)
		report_line(stream, "%s: %s: %lu bytes are missing: no room\n", line->argv[0],
			    line->output, lost);
	else
		return status;
	return STATUS_FAILED;
}

static int execute_line(const struct line *line, int stream)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	int output, r;

	if (line->output == NULL)
		return execute_task(line, stream, stream);
	r = fs_writer_open(line->output, line->append ? FS_APPEND : FS_TRUNCATE, &writer);
	if (r < 0) {
		report_line(stream, "%s: %s: %s\n", line->argv[0], line->output,
			    report_error_text(r));
		return STATUS_FAILED;
	}
	output = fs_writer_stream(&writer);
	r = execute_task(line, stream, output);
	return check_output(line, stream, output, r);
}

/* Takes the next command out of *at .. end and runs it: LINE_E_END, or its status. */
static int execute_next(const char **at, const char *end, int stream, int *ret_status)
{
	struct line line;
	int r = line_next(at, end, &line);

	if (r == LINE_E_END)
		return r;
	if (r != 0)
		report_line(stream, "%s\n", line_error(r));
	*ret_status = r == 0 ? execute_line(&line, stream) : STATUS_FAILED;
	if (*ret_status != 0 && stream == CONSOLE_TERMINAL)
		shell_state.failed = true;
	return 0;
}

CELL_EXPORT int shell_execute(const char *text, int stream)
{
	const char *end = text + string_length(text);
	int status, failed = 0;

	while (execute_next(&text, end, stream, &status) == 0)
		failed |= status != 0;
	return failed;
}

/* ---- the shell's tasks, in steps (task.h) ------------------------------------------- */

static void greet(void)
{
	if (shell_is_interactive() && !shell_state.greeted)
		print("Clew on the %s machine.  help lists the commands, run crash null breaks "
		      "something.\n",
		      machine_info()->name);
	shell_state.greeted = true;
}

static int read_step(void *unused)
{
	char text[INPUT_MAX];
	int r;

	greet();
	r = console_read_line_step(PROMPT, text, sizeof(text));
	if (r == WAIT_E_RESTART || r == CONSOLE_E_INTERRUPT)
		return TASK_AGAIN;
	if (r != 0) {
		shell_state.failed |= r != CONSOLE_E_END;
		shell_shutdown();
	}
	if (shell_execute(text, CONSOLE_TERMINAL) != 0)
		shell_state.failed = true;
	if (shell_is_interactive())
		jobs_report();
	return TASK_AGAIN;
}

static int script_step(void *unused)
{
	const struct machine_module *script = find_script();
	const char *text = script->start;
	const char *at = text + shell_state.script_at;
	int status;

	if (execute_next(&at, text + script->size, CONSOLE_TERMINAL, &status) == LINE_E_END)
		shell_shutdown();
	shell_state.script_at = (size_t)(at - text);
	return TASK_AGAIN;
}

/* A system that never had a shell has not booted; one that had gets it back. */
static int wait_for_memory(void)
{
	static const char text[] = "shell: no memory for its task\n";

	if (shell_state.restarts == 0) {
		machine_log(text, sizeof(text) - 1);
		machine_halt(MACHINE_NO_BOOT);
	}
	if (task_sleep_step(clock_now_ns() + RETRY_NS) == WAIT_E_RESTART)
		return TASK_AGAIN;
	return TASK_AGAIN;
}

/* A shell that dies is started again; the command at which a script's died has failed. */
static int keep_step(void *unused)
{
	struct task_loop loop = { find_script() ? script_step : read_step, NULL };
	struct task_options options = { .name = "shell", .output = CONSOLE_TERMINAL };
	struct task_exit exit;
	int r;

	options.restarts = shell_state.restarts;
	if (IS_EMPTY(shell_state.shell) &&
	    task_spawn(task_repeat, &loop, sizeof(loop), &options, &shell_state.shell) < 0)
		return wait_for_memory();
	r = task_join_step(&shell_state.shell, WAIT_FOREVER, &exit);
	if (r == WAIT_E_RESTART)
		return TASK_AGAIN;
	shell_state.shell.word = 0;
	if (r == 0)
		report_end(CONSOLE_TERMINAL, "shell", &exit);
	if (find_script()) {
		shell_state.failed = true;
		shell_shutdown();
	}
	shell_state.restarts++;
	return TASK_AGAIN;
}

CELL_EXPORT int shell_start(void)
{
	struct task_loop loop = { keep_step, NULL };
	struct task_options options = {
		.name = "shell_keeper",
		.output = CONSOLE_TERMINAL,
		.essential = true,
	};
	task_handle handle = OWNER_EMPTY;
	int r = task_spawn(task_repeat, &loop, sizeof(loop), &options, &handle);

	if (r < 0)
		return r;
	task_detach(MOVE(handle));
	return 0;
}

CELL("shell", 1, CELL_SERVICE, "commands from the terminal, a script, or outside");
