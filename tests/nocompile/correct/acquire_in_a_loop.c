/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

int many(int times);
int many(int times)
{
	for (int i = 0; i < times; i++) {
		OWN(heap_block, block) = OWNER_EMPTY;
		int r = heap_block_new(64, &block);

		if (r < 0)
			return r;
	}
	return 0;
}
