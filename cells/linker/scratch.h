/* SPDX-License-Identifier: MIT */
/* What a transaction needs while it lasts, and what it asks notes with.  Internal to the linker. */
#ifndef LINKER_SCRATCH_H
#define LINKER_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#define SCRATCH_SIZE (256ul * 1024)

/*
 * Zeroed memory until the transaction's lock is given back, out of the scratch
 * block or else the heap.  NULL: none is left.  What is freed stays used.
 */
void *linker_scratch_take(size_t size);
void linker_scratch_free(void *block);

struct note_query {
	const char *name;
	size_t length;
	uint64_t hash;		 /* string_hash() of it */
	uint32_t kind_a, kind_b; /* enum note_symbol_kind: either */
};

#endif
