/* SPDX-License-Identifier: MIT */
/* A borrow that a record of the heap keeps is not followed. */
#include <clew/heap.h>

struct record {
	char *bytes;
};

int keep(struct record *record, heap_block *from);
int keep(struct record *record, heap_block *from)
{
	OWN(heap_block, block) = MOVE(*from);

	record->bytes = heap_block_at(&block);
	heap_block_drop(MOVE(block));
	return record->bytes[0];
}
