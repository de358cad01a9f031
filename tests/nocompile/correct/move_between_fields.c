/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

struct pair {
	heap_block first;
	heap_block second;
};

void shift(struct pair *pair);
void shift(struct pair *pair)
{
	heap_block_drop(MOVE(pair->first));
	PUT(pair->first, MOVE(pair->second));
}
