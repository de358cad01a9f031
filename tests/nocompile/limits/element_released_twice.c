/* SPDX-License-Identifier: MIT */
/* Elements whose number varies are not told apart, so nothing is said about them. */
#include <clew/heap.h>

struct table {
	heap_block at[8];
};

void release(struct table *table, unsigned int i, unsigned int j);
void release(struct table *table, unsigned int i, unsigned int j)
{
	heap_block_drop(MOVE(table->at[i & 7]));
	heap_block_drop(MOVE(table->at[j & 7])); /* of an empty one when they are equal */
}
