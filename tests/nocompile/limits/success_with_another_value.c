/* SPDX-License-Identifier: MIT */
/* A function that fails with a positive value: `< 0` does not find that. */
#include <clew/heap.h>

int heap_maybe(heap_block *ret); /* 1: nothing was written */

char first(void);
char first(void)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	int r = heap_maybe(&block);

	if (r < 0)
		return 0;
	return *(char *)heap_block_at(&block);
}
