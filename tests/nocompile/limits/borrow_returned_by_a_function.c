/* SPDX-License-Identifier: MIT */
/* What a function returns from two owners may be either's, and is taken for the last one's. */
#include <clew/heap.h>

const char *longer(const heap_block *a, const heap_block *b);

char pick(heap_block *from, heap_block *other);
char pick(heap_block *from, heap_block *other)
{
	OWN(heap_block, a) = MOVE(*from);
	OWN(heap_block, b) = MOVE(*other);
	const char *text = longer(&a, &b);

	heap_block_drop(MOVE(a));
	return text[0];
}
