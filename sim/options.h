/* SPDX-License-Identifier: MIT */
/*
 * The options that `clew run` and `clew boot` have in common.
 */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <stdint.h>

#include <glib.h>

/* Borrowed from argv, or never freed. */
struct options {
	char *memory_text, *cells, *seed_text, *trace, *socket, *commands; /* NULL: not given */
	char **added;							   /* objects */
	char *files;							   /* folder */
	uint64_t memory_size;						   /* bytes */
	uint64_t seed;							   /* with seed_text */
	const char *script;						   /* file; NULL: none */
};

/* own: the options of this sub-command alone. */
gboolean options_parse(int *argc, char ***argv, const char *summary, const GOptionEntry *own,
		       struct options *ret, GError **error);

/* What --files names, as an archive; *ret NULL: it was not given. */
gboolean options_load_files(const struct options *options, GBytes **ret, GError **error);

/* What -c or SCRIPT says; *ret NULL: neither was given. */
gboolean options_load_script(const struct options *options, GBytes **ret, GError **error);

#endif
