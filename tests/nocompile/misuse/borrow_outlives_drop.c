/* SPDX-License-Identifier: MIT */
/*
 * error: borrowed from owner
 * fixed: if (!IS_EMPTY(*from)) return 1;
 */
#include <clew/heap.h>

int first(heap_block *from);
int first(heap_block *from)
{
	OWN(heap_block, block) = MOVE(*from);
	char *bytes = heap_block_at(&block);

	heap_block_drop(MOVE(block)); /* wrong */
	return bytes[0];
}
