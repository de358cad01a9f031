/* SPDX-License-Identifier: MIT */
/*
 * error: borrowed from owner
 * fixed: if (!IS_EMPTY(*from)) return 1;
 */
#include <clew/heap.h>

struct record {
	int value;
	int other;
};

int take(heap_block *from);
int take(heap_block *from)
{
	OWN(heap_block, block) = MOVE(*from);
	struct record *record = heap_block_at(&block);
	int *value = &record->other;

	heap_block_drop(MOVE(block)); /* wrong */
	return *value;
}
