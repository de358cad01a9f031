/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

int deep(int depth);
int deep(int depth)
{
	OWN(heap_block, outer) = OWNER_EMPTY;

	if (heap_block_new(8, &outer) < 0)
		return -1;
	if (depth > 0) {
		OWN(heap_block, inner) = MOVE(outer);

		return depth == 1 ? *(char *)heap_block_at(&inner) : deep(depth - 2);
	}
	return *(char *)heap_block_at(&outer);
}
