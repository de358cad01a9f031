/* SPDX-License-Identifier: MIT */
/* The block has another owner, and is where it was. */
#include <clew/heap.h>

struct record {
	heap_block memory;
	int count;
};

int record_new(heap_block *ret);
int record_new(heap_block *ret)
{
	OWN(heap_block, memory) = OWNER_EMPTY;
	struct record *record;
	int r = heap_block_new(sizeof(*record), &memory);

	if (r < 0)
		return r;
	record = heap_block_at(&memory);
	PUT(*ret, MOVE(memory));
	record->count = 1;
	return 0;
}
