/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

int one(int want);
int one(int want)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	int r = heap_block_new(8, &block);

	if (r != 0 || want == 0)
		return r;
	return *(char *)heap_block_at(&block);
}
