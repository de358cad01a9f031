/* SPDX-License-Identifier: MIT */
/*
 * error: leaks
 * fixed: OWN(heap_block, block) = OWNER_EMPTY;
 */
#include <clew/heap.h>

int take_block(void);
int take_block(void)
{
	heap_block block = OWNER_EMPTY; /* wrong */

	return heap_block_new(64, &block);
}
