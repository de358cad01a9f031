/* SPDX-License-Identifier: MIT */
/*
 * The `clew` command: which sub-command, and nothing else.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "inspect.h"
#include "new_cell.h"
#include "qemu.h"
#include "run.h"

struct main_command {
	const char *name;
	const char *arguments;
	const char *summary;
	int (*run)(int argc, char **argv);
};

static const struct main_command main_commands[] = {
	{ "run", "[OPTION...] [-c COMMANDS | SCRIPT]", "start the system in this process",
	  run_command },
	{ "boot", "[OPTION...] [-c COMMANDS | SCRIPT]", "start the system in a virtual machine",
	  qemu_command },
	{ "ctl", "--socket PATH 'COMMAND' | swap NAME FILE.o", "talk to a running system",
	  ctl_command },
	{ "inspect", "FILE.o", "explain an object", inspect_command },
	{ "new-cell", "NAME", "make a folder with a cell to begin with", new_cell_command },
};

static void main_print_help(FILE *to)
{
	fputs("Usage:\n", to);
	for (size_t i = 0; i < G_N_ELEMENTS(main_commands); i++)
		fprintf(to, "  clew %s %s\n      %s\n", main_commands[i].name,
			main_commands[i].arguments, main_commands[i].summary);
	fputs("  clew --help | --version\n\n"
	      "`clew COMMAND --help` lists a command's options; clew(1) says more.\n"
	      "Exit status: 0 clean, 1 a command failed, 2 usage, 3 could not boot, 4 died.\n",
	      to);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < G_N_ELEMENTS(main_commands); i++) {
		g_autofree char *program = NULL;

		if (strcmp(name, main_commands[i].name) != 0)
			continue;
		program = g_strdup_printf("clew %s", name);
		g_set_prgname(program);
		return main_commands[i].run(argc - 1, argv + 1);
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		main_print_help(stdout);
		return 0;
	}
	if (strcmp(name, "--version") == 0) {
		puts("clew " CLEW_VERSION);
		return 0;
	}
	if (argc > 1)
		fprintf(stderr, "clew: expected a command, found %s\n", name);
	main_print_help(stderr);
	return RUN_USAGE;
}
