/* SPDX-License-Identifier: MIT */
/*
 * error: is forgotten where the struct is released
 * fixed: OWN(heap_block, memory) = MOVE(record->memory); map_rw_drop(MOVE(record->pages));
 */
#include <clew/heap.h>
#include <clew/memory.h>

struct record {
	heap_block memory;
	map_rw pages;
};

void record_free(struct record *record);
void record_free(struct record *record)
{
	OWN(heap_block, memory) = MOVE(record->memory); /* wrong */
}
