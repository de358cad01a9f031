/* SPDX-License-Identifier: MIT */
/*
 * error: a struct that holds owners is copied
 * fixed: struct { int count; } copy = { from->count };
 */
#include <clew/heap.h>

struct record {
	heap_block memory;
	int count;
};

int look(const struct record *from);
int look(const struct record *from)
{
	struct record copy = *from; /* wrong */

	return copy.count;
}
