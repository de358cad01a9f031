/* SPDX-License-Identifier: MIT */
/*
 * error: after it was moved or released
 * fixed: return 0;
 */
#include <clew/heap.h>

int fill(heap_block block, int how);
int fill(heap_block block, int how)
{
	OWN(heap_block, mine) = block;

	if (how == 0)
		heap_block_drop(MOVE(mine)); /* wrong */
	heap_block_drop(MOVE(mine));
	return 1;
}
