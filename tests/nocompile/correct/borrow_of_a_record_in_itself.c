/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

struct record {
	heap_block memory;
	int count;
};

int record_new(struct record **ret);
int record_new(struct record **ret)
{
	OWN(heap_block, memory) = OWNER_EMPTY;
	struct record *record;
	int r = heap_block_new(sizeof(*record), &memory);

	if (r < 0)
		return r;
	record = heap_block_at(&memory);
	PUT(record->memory, MOVE(memory));
	record->count = 1;
	*ret = record;
	return 0;
}
