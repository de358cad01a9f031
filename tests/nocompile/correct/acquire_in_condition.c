/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

int one(void);
int one(void)
{
	OWN(heap_block, block) = OWNER_EMPTY;

	if (heap_block_new(8, &block) < 0)
		return -1;
	*(char *)heap_block_at(&block) = 1;
	return 0;
}
