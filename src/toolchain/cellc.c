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
#include "effects.h"
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

#define USAGE \
	"usage: cellc INPUT.o -o OUTPUT.o [--debug OUTPUT.debug]\n" \
	"             [--state OUTPUT.state] [--state-max BYTES]\n"

struct arguments {
	const char *input;
	const char *output;
	const char *debug;     /* NULL: the DWARF is dropped */
	const char *state;     /* NULL: not wanted */
	const char *state_max; /* bytes; NULL: any number */
};

/* A budget, so that state grows by decision alone. */
static void check_budget(struct object *object, const struct records *records, const char *text)
{
	unsigned long long size = records->header.state_size, max;
	char *end;

	max = strtoull(text, &end, 10);
	if (end == text || *end)
		errx(2, "--state-max: expected a number of bytes, found %s", text);
	if (size > max)
		object_refuse(object, "%llu bytes of state, the budget is %llu", size, max);
}

/* One line of what the state is, then what may change it: effects.h. */
static void write_state(const struct object *object, const struct records *records,
			const struct symbol *state, const char *path)
{
	const struct note_header *header = &records->header;
	FILE *to = fopen(path, "w");

	if (!to)
		err(1, "%s", path);
	fprintf(to, "cell\t%s\t%llu\t%s\n", records->strings + header->name,
		(unsigned long long)header->state_size,
		state ? records->strings + header->state_reason : "");
	effects_report(object, state, to);
	if (fclose(to))
		err(1, "%s", path);
}

/* The state; NULL: the cell has none, or is refused. */
static const struct symbol *check_and_record(struct object *object, struct records *records,
					     struct additions *additions)
{
	const struct symbol *state;
	struct types types;

	identity_record(object, records);
	if (object->n_errors)
		return NULL;
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
	return state;
}

static int make_cell(const struct arguments *arguments)
{
	struct additions additions = { 0 };
	struct records records;
	const struct symbol *state;
	struct object object;
	uint8_t *note;
	size_t size;

	object_open(&object, arguments->input);
	records_init(&records);
	state = check_and_record(&object, &records, &additions);
	if (arguments->state_max)
		check_budget(&object, &records, arguments->state_max);
	if (object.n_errors == 0) {
		note = records_pack(&records, &size);
		output_cell(&object, &additions, note, size, arguments->output);
		if (arguments->debug)
			output_debug(&object, arguments->output, arguments->debug);
		if (arguments->state)
			write_state(&object, &records, state, arguments->state);
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
		{ "state", required_argument, NULL, 's' },
		{ "state-max", required_argument, NULL, 'm' },
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
		case 's':
			arguments.state = optarg;
			break;
		case 'm':
			arguments.state_max = optarg;
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
