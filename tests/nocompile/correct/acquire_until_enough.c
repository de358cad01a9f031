/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

int enough(size_t least);
int enough(size_t least)
{
	for (size_t size = 64;; size *= 2) {
		OWN(heap_block, block) = OWNER_EMPTY;
		int r = heap_block_new(size, &block);

		if (r < 0 || size >= least)
			return r;
	}
}
