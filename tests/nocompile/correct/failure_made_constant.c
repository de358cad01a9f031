/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

int one(bool ready);
int one(bool ready)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	int r = ready ? 0 : -EBUSY;

	if (r == 0 && heap_block_new(8, &block) < 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	return *(char *)heap_block_at(&block);
}
