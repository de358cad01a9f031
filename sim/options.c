/* SPDX-License-Identifier: MIT */
/*
 * Reads the options and says what is wrong with them.
 */
#include "options.h"

#include <errno.h>
#include <string.h>

#include "archive.h"
#include "memory.h"

#define OPTIONS_MEMORY_DEFAULT (64ul << 20)

static gboolean options_parse_memory(struct options *options, GError **error)
{
	const char *text = options->memory_text;
	char *end = NULL;
	uint64_t size;
	unsigned int shift;

	if (!text) {
		options->memory_size = OPTIONS_MEMORY_DEFAULT;
		return TRUE;
	}
	errno = 0;
	size = g_ascii_strtoull(text, &end, 10);
	shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
	if (!g_ascii_isdigit(text[0]) || errno || end[shift > 0] != 0 ||
	    size > MEMORY_MAX >> shift || size << shift < MEMORY_MIN ||
	    (size << shift) % PAGE_SIZE) {
		g_set_error(
			error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"--memory: expected 8M to 64G in whole pages (suffix K, M or G), found %s",
			text);
		return FALSE;
	}
	options->memory_size = size << shift;
	return TRUE;
}

static gboolean options_parse_seed(struct options *options, GError **error)
{
	if (!options->seed_text)
		return TRUE;
	return g_ascii_string_to_unsigned(options->seed_text, 10, 0, G_MAXUINT64, &options->seed,
					  error);
}

gboolean options_parse(int *argc, char ***argv, const char *summary, const GOptionEntry *own,
		       struct options *ret, GError **error)
{
	const GOptionEntry before[] = {
		{ "memory", 'm', 0, G_OPTION_ARG_STRING, &ret->memory_text,
		  "Physical memory, 8M to 64G (64M)", "SIZE" },
		{ "cells", 0, 0, G_OPTION_ARG_FILENAME, &ret->cells,
		  "Boot from these cells and this nano_core.o", "DIR_OR_ARCHIVE" },
		{ "add", 'a', 0, G_OPTION_ARG_FILENAME_ARRAY, &ret->added,
		  "Add this object to the cells, before others", "FILE.o" },
		{ "files", 'f', 0, G_OPTION_ARG_FILENAME, &ret->files,
		  "Begin with the files in DIR", "DIR" },
		{ "seed", 's', 0, G_OPTION_ARG_STRING, &ret->seed_text,
		  "Time and entropy follow from N alone", "N" },
		{ "trace", 't', 0, G_OPTION_ARG_FILENAME, &ret->trace,
		  "Write events to FILE, a JSON object a line", "FILE" },
		{ "socket", 0, 0, G_OPTION_ARG_FILENAME, &ret->socket,
		  "Listen for `clew ctl` at PATH", "PATH" },
		G_OPTION_ENTRY_NULL,
	};
	const GOptionEntry after[] = {
		{ "command", 'c', 0, G_OPTION_ARG_STRING, &ret->commands,
		  "Run the commands and shut down", "COMMANDS" },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = g_option_context_new("[SCRIPT]");

	g_option_context_add_main_entries(context, before, NULL);
	g_option_context_add_main_entries(context, own, NULL);
	g_option_context_add_main_entries(context, after, NULL);
	g_option_context_set_summary(context, summary);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc > 2 || (*argc == 2 && ret->commands)) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			    "expected one SCRIPT or -c COMMANDS, found %s",
			    *argc > 2 ? (*argv)[2] : "both");
		return FALSE;
	}
	ret->script = *argc == 2 ? (*argv)[1] : NULL;
	return options_parse_memory(ret, error) && options_parse_seed(ret, error);
}

gboolean options_load_files(const struct options *options, GBytes **ret, GError **error)
{
	*ret = options->files ? archive_load_files(options->files, error) : NULL;
	return *ret || !options->files;
}

gboolean options_load_script(const struct options *options, GBytes **ret, GError **error)
{
	char *text;
	gsize size;

	if (options->commands) {
		*ret = g_bytes_new(options->commands, strlen(options->commands));
	} else if (options->script) {
		if (!g_file_get_contents(options->script, &text, &size, error))
			return FALSE;
		*ret = g_bytes_new_take(text, size);
	} else {
		*ret = NULL;
	}
	return TRUE;
}
