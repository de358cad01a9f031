/* SPDX-License-Identifier: MIT */
/*
 * cellc: the build step that makes a cell of an object.
 *
 * It refuses what a replaceable cell must not have, records what linker and
 * swap need to know in .clew.note (src/link/note.h), and moves the DWARF to a
 * side file.  It runs on the host at build time; it does not link anything.
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "code.h"
#include "frames.h"
#include "identity.h"
#include "layouts.h"
#include "object.h"
#include "output.h"
#include "records.h"
#include "sections.h"
#include "statics.h"
#include "symbols.h"
#include "types.h"

#define USAGE "usage: cellc INPUT.o -o OUTPUT.o [--debug OUTPUT.debug]\n"

struct arguments {
	const char *input;
	const char *output;
	const char *debug; /* NULL: the DWARF is dropped */
};

static void check_and_record(struct object *object, struct records *records,
			     struct additions *additions)
{
	const struct symbol *state;
	struct types types;

	identity_record(object, records);
	if (object->n_errors)
		return;
	types_open(&types, object);
	state = identity_record_state(object, records);
	if (state)
		types_record_state(&types, object, state, records);
	symbols_record(object, &types, records);
	code_record(object, &types, records, additions);
	layouts_record(object, &types, state, records);
	sections_check(object);
	statics_check_mutable(object, state);
	statics_check_names(object);
	frames_check(object);
	types_close(&types);
}

static int make_cell(const struct arguments *arguments)
{
	struct additions additions = { 0 };
	struct records records;
	struct object object;
	uint8_t *note;
	size_t size;

	object_open(&object, arguments->input);
	records_init(&records);
	check_and_record(&object, &records, &additions);
	if (object.n_errors == 0) {
		note = records_pack(&records, &size);
		output_cell(&object, &additions, note, size, arguments->output);
		if (arguments->debug)
			output_debug(&object, arguments->output, arguments->debug);
		free(note);
	}
	free(additions.items);
	records_deinit(&records);
	object_close(&object);
	return object.n_errors ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "debug", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL },
	};
	struct arguments arguments = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			arguments.output = optarg;
			break;
		case 'd':
			arguments.debug = optarg;
			break;
		case 'h':
			fputs(USAGE, stdout);
			return 0;
		default:
			fputs(USAGE, stderr);
			return 2;
		}
	}
	if (optind + 1 != argc || !arguments.output) {
		fputs(USAGE, stderr);
		return 2;
	}
	arguments.input = argv[optind];
	return make_cell(&arguments);
}
