/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

int many(int times);
int many(int times)
{
	OWN(heap_block, block) = OWNER_EMPTY;

	for (int i = 0; i < times; i++) {
		int r = heap_block_new(64, &block);

		if (r < 0)
			return r;
		heap_block_drop(MOVE(block));
	}
	return 0;
}
