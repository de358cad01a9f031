/* SPDX-License-Identifier: MIT */
/*
 * error: may be alive and is overwritten
 * fixed: PUT(record->memory, MOVE(mine));
 */
#include <clew/heap.h>

struct record {
	heap_block memory;
};

void keep(struct record *record, heap_block block);
void keep(struct record *record, heap_block block)
{
	OWN(heap_block, mine) = block;

	record->memory = MOVE(mine); /* wrong */
}
