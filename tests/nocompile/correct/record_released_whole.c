/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>
#include <clew/memory.h>
#include <clew/namespace.h>

struct record {
	heap_block memory;
	map_rw pages;
	namespace_ref ns;
};

void record_free(struct record *record);
void record_free(struct record *record)
{
	OWN(heap_block, memory) = MOVE(record->memory);
	OWN(map_rw, pages) = MOVE(record->pages);

	namespace_ref_drop(MOVE(record->ns));
}
