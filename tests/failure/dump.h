/* SPDX-License-Identifier: MIT */
/*
 * Everything that the system holds, as text: namespaces, versions, slots,
 * entries, state, heap, frames, permissions, pools, tasks.
 *
 * Two dumps with nothing in between are equal byte for byte; what changes
 * while a system only runs (times, counts of what ever was, hints where to
 * search) is left out, each in dump.c with its reason.  Allocates nothing.
 */
#ifndef TESTS_FAILURE_DUMP_H
#define TESTS_FAILURE_DUMP_H

#include <stddef.h>

struct dump {
	char *text; /* borrowed from who made the dump */
	size_t size, length;
};

/* Panics if there is not room for all of it. */
void dump_take(struct dump *dump);

/* The first line that is different, of each; false: there is none. */
bool dump_differs(const struct dump *before, const struct dump *after, const char **ret_before,
		  const char **ret_after);

#endif
