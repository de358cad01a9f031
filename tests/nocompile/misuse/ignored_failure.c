/* SPDX-License-Identifier: MIT */
/*
 * error: may have failed
 * fixed: return 0;
 */
#include <clew/heap.h>

char first(void);
char first(void)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	int r = heap_block_new(8, &block);

	if (r < 0)
		r = 0; /* wrong */
	return *(char *)heap_block_at(&block);
}
