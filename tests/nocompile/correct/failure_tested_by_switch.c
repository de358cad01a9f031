/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

int one(void);
int one(void)
{
	OWN(heap_block, block) = OWNER_EMPTY;

	switch (heap_block_new(8, &block)) {
	case 0:
		return *(char *)heap_block_at(&block);
	default:
		return -1;
	}
}
