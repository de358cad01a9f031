/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

struct table {
	heap_block at[8];
};

void put(struct table *table, unsigned int i, heap_block block);
void put(struct table *table, unsigned int i, heap_block block)
{
	OWN(heap_block, mine) = block;

	PUT(table->at[i & 7], MOVE(mine));
}
