/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

struct record {
	heap_block memory;
};

heap_block record_take(struct record *record);
heap_block record_take(struct record *record)
{
	return MOVE(record->memory);
}
