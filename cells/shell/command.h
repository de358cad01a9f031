/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the shell: what a command is, and the commands.
 *
 * A command prints to its task's stream and returns its exit status, 0 when
 * it did what was asked.  Columns of tables are stable: scripts read them.
 */
#ifndef SHELL_COMMAND_H
#define SHELL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/diag.h>
#include <clew/task.h>

#define STATUS_FAILED 1
#define STATUS_USAGE 2

struct command;

struct call {
	const struct command *command;
	int argc; /* --json is taken out */
	const char *const *argv;
	bool json;
	bool background;
	int client; /* stream of who gave the command: for errors, also when output is a file's */
};

typedef int command_function(const struct call *call);

struct command {
	const char *name;
	const char *usage; /* what follows the name */
	const char *summary;
	const char *details; /* of `help NAME`, each line with its newline; or NULL */
	command_function *run;
	bool json; /* takes --json */
};

/* commands.c.  NULL: past the end; no such command. */
const struct command *command_at(size_t i);
const struct command *command_find(const char *name);
int command_usage(const struct call *call); /* prints it, returns STATUS_USAGE */
/* The only word after the name, or NULL when there are none; anything else is false. */
bool command_optional(const struct call *call, const char **ret);
bool command_number(const struct call *call, const char *word, uint64_t *ret);

command_function command_help, command_echo, command_sleep, command_uptime, command_shutdown;
command_function command_cells, command_deps, command_ns, command_symbols, command_archive;
command_function command_load, command_unload, command_swap, command_retire;
command_function command_ps, command_kill, command_run, command_jobs, command_fg, command_wait;
command_function command_mem, command_faults, command_log;
command_function command_ls, command_cat, command_cp, command_rm, command_mkdir;

/* report.c */
int report_error(const struct call *call, int error, const struct diag *diag);
int report_path(const struct call *call, const char *path, int error);
const char *report_error_text(int error);
void report_crash(int stream, const char *name, int fault);
/* How a task ended, for people; returns the exit status that this stands for. */
int report_end(int stream, const char *name, const struct task_exit *exit);
#define REPORT_LINE_MAX 600 /* bytes, with a zero; the rest is cut off */
void report_line(int stream, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* jobs.c */
void jobs_report(void);	  /* says which jobs have ended, and forgets them */
void jobs_stop_all(void); /* kills them, waits a moment */

/* shell.c */
_Noreturn void shell_shutdown(void);
bool shell_is_interactive(void);

#endif
