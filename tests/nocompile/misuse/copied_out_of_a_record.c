/* SPDX-License-Identifier: MIT */
/*
 * error: is copied
 * fixed: heap_block_drop(MOVE(record->memory));
 */
#include <clew/heap.h>

struct record {
	heap_block memory;
};

void release(struct record *record);
void release(struct record *record)
{
	heap_block_drop(record->memory); /* wrong */
}
