/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

int two(heap_block *first, heap_block *second);
int two(heap_block *first, heap_block *second)
{
	OWN(heap_block, a) = MOVE(*first);
	char *at = heap_block_at(&a);
	int sum = at[0];

	heap_block_drop(MOVE(a));
	at = heap_block_at(second);
	return sum + at[0];
}
