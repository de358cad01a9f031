/* SPDX-License-Identifier: MIT */
/* The table of commands, and those that are about nothing else. */
#include "command.h"

#include <clew/console.h>
#include <clew/linker.h>

#include "base/format.h"
#include "base/string.h"
#include "table.h"

static const struct command commands[] = {
	{ "help", "[NAME]", "lists the commands, explains one",
	  "What a command prints goes to a file with > FILE after it, to the end of one with >> "
	  "FILE.\n",
	  command_help, true },
	{ "archive", "", "lists the objects of the boot archive",
	  "Applications among them can be run, all can be loaded.\n", command_archive, true },
	{ "cat", "FILE [FILE ...]", "prints files", NULL, command_cat, false },
	{ "cells", "[--all] [--sha256]", "lists the loaded cells",
	  "--all adds replaced versions that are still there (see retire).  --sha256 shows the\n"
	  "SHA-256 of the object that each was loaded from; - when it is not in the archive.\n",
	  command_cells, true },
	{ "cp", "FROM TO", "copies a file", "TO is a file, which is overwritten, or a folder.\n",
	  command_cp, false },
	{ "deps", "NAME", "shows what a cell uses and who uses it, by symbol",
	  "Kinds: call (a slot that calls go through), address (of a function's entry), data.\n",
	  command_deps, true },
	{ "echo", "[WORD ...]", "prints its words", NULL, command_echo, false },
	{ "faults", "[ID]", "lists the fault log, or shows one fault with its backtrace", NULL,
	  command_faults, true },
	{ "fg", "[JOB]", "waits for a job, the last one without JOB; Ctrl-C kills it", NULL,
	  command_fg, false },
	{ "jobs", "", "lists the applications that run in the background", NULL, command_jobs,
	  true },
	{ "kill", "ID|%JOB", "ends a task: it is unwound at its next safe point", NULL,
	  command_kill, false },
	{ "load", "NAME|FILE", "loads a cell from the boot archive",
	  "By the cell's name, by its file's name (see archive), or from a file (see ls).\n",
	  command_load, false },
	{ "log", "", "shows the system's messages", NULL, command_log, true },
	{ "ls", "[PATH]", "lists a folder, the root without PATH, or a file",
	  "Sizes are in bytes, those of folders in entries.\n", command_ls, true },
	{ "mem", "[--runs]", "shows frames by kind, heap, pools and the address map",
	  "Sizes are in bytes; the heap gives its spare pages back before.  --runs lists every run "
	  "of used or free frames instead.\n",
	  command_mem, true },
	{ "mkdir", "PATH [PATH ...]", "makes folders", NULL, command_mkdir, false },
	{ "ns", "", "lists the namespaces", NULL, command_ns, true },
	{ "ps", "", "lists the tasks", NULL, command_ps, true },
	{ "retire", "", "frees replaced versions that nothing needs, shows what holds the others",
	  "A version is held by words on stacks, by entries without a successor, and by words in\n"
	  "memory that look like pointers into it.\n",
	  command_retire, true },
	{ "rm", "PATH [PATH ...]", "removes files and empty folders",
	  "Who reads or writes such a file is told that it is gone.\n", command_rm, false },
	{ "run", "[--restart N[,MS]] [--priority P] NAME [WORD ...] [&]", "runs an application",
	  "--restart starts it again after a crash, N times at most, the first time after MS\n"
	  "milliseconds (10), then after twice as long each time.  --priority is 0 to 7 (4).\n"
	  "With & it becomes a job.  The exit status is that of the application.\n",
	  command_run, false },
	{ "shutdown", "", "ends the system", NULL, command_shutdown, false },
	{ "sleep", "SECONDS", "waits; fractions are allowed", NULL, command_sleep, false },
	{ "swap", "NAME OBJECT", "replaces a cell by another version while it runs",
	  "OBJECT is in the boot archive, such as greeter_v2.o, or a file.  From outside, any "
	  "object:\n"
	  "clew ctl --socket PATH swap NAME FILE.\n",
	  command_swap, true },
	{ "symbols", "[PART]", "lists the exported symbols, those that contain PART", NULL,
	  command_symbols, true },
	{ "unload", "NAME", "unloads a cell that no other uses", NULL, command_unload, false },
	{ "uptime", "", "shows how long the system has been up", NULL, command_uptime, true },
	{ "wait", "[JOB]", "waits for a job, for all of them without JOB",
	  "Fails when one of them failed.\n", command_wait, false },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *command_at(size_t i)
{
	return i < N_COMMANDS ? &commands[i] : NULL;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (string_equal(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

int command_usage(const struct call *call)
{
	const struct command *command = call->command;

	report_line(call->client, "usage: %s%s%s%s\n", command->name, command->usage[0] ? " " : "",
		    command->usage, command->json ? " [--json]" : "");
	return STATUS_USAGE;
}

bool command_optional(const struct call *call, const char **ret)
{
	if (call->argc > 2)
		return false;
	*ret = call->argv[1];
	return true;
}

bool command_number(const struct call *call, const char *word, uint64_t *ret)
{
	if (word && string_to_u64(word, ret))
		return true;
	print("%s: not a number: %s\n", call->command->name, word ? word : "");
	return false;
}

/* ---- help ---------------------------------------------------------------------- */

static int help_one(const struct call *call, const char *name)
{
	const struct command *command = command_find(name);
	struct call about = { .command = command, .client = task_output() };

	if (!command) {
		print("%s: no such command: %s\n", call->command->name, name);
		return STATUS_FAILED;
	}
	command_usage(&about);
	print("%s: %s\n", command->name, command->summary);
	if (command->details)
		print("%s", command->details);
	if (command->json)
		print("--json prints an array of objects instead of a table.\n");
	return 0;
}

int command_help(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 9 },
		{ "summary", TABLE_TEXT, 60 },
	};
	const char *name;
	struct table table;

	if (!command_optional(call, &name))
		return command_usage(call);
	if (name)
		return help_one(call, name);
	TABLE_BEGIN(&table, columns, call->json);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		table_put_text(&table, commands[i].name);
		table_put_text(&table, commands[i].summary);
	}
	table_end(&table);
	return 0;
}

/* ---- small ones ------------------------------------------------------------------ */

int command_echo(const struct call *call)
{
	char text[1100];
	size_t length = 0;

	text[0] = 0;
	for (int i = 1; i < call->argc && length < sizeof(text); i++)
		length += format_text(text + length, sizeof(text) - length, "%s%s",
				      i > 1 ? " " : "", call->argv[i]);
	print("%s\n", text);
	return 0;
}

/* Decimal seconds with up to nine places; false: not that. */
static bool parse_seconds(const char *text, uint64_t *ret_ns)
{
	uint64_t ns = 0, unit = NS_PER_S;
	bool digits = false;

	for (; *text >= '0' && *text <= '9'; text++, digits = true) {
		if (ns > UINT64_MAX / 100)
			return false;
		ns = ns * 10 + (uint64_t)(*text - '0') * NS_PER_S;
	}
	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9'; text++, digits = true) {
			unit /= 10;
			ns += (uint64_t)(*text - '0') * unit;
		}
	}
	*ret_ns = ns;
	return digits && *text == 0;
}

int command_sleep(const struct call *call)
{
	uint64_t ns;

	if (call->argc != 2 || !parse_seconds(call->argv[1], &ns))
		return command_usage(call);
	task_sleep(ns);
	return 0;
}

static uint64_t count_tasks(void)
{
	struct task_info info = { .id = 0 };
	uint64_t n = 0;

	while (task_next(info.id, &info) == 0)
		n++;
	return n;
}

static uint64_t count_cells(void)
{
	struct cell_info info = { .id = 0 };
	uint64_t n = 0;

	while (linker_next_cell(info.id, &info) == 0)
		n += info.current;
	return n;
}

int command_uptime(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_TEXT, 10 },
		{ "seconds", TABLE_SECONDS, 14 },
		{ "tasks", TABLE_NUMBER, 6 },
		{ "cells", TABLE_NUMBER, 6 },
	};
	struct table table;

	if (call->argc != 1)
		return command_usage(call);
	TABLE_BEGIN(&table, columns, call->json);
	table_put_text(&table, machine_info()->name);
	table_put(&table, clock_now_ns());
	table_put(&table, count_tasks());
	table_put(&table, count_cells());
	table_end(&table);
	return 0;
}

int command_shutdown(const struct call *call)
{
	if (call->argc != 1)
		return command_usage(call);
	shell_shutdown();
}
