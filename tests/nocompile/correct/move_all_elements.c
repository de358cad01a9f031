/* SPDX-License-Identifier: MIT */
#include <clew/heap.h>

struct table {
	heap_block at[8];
};

void shift(struct table *to, struct table *from);
void shift(struct table *to, struct table *from)
{
	for (int i = 0; i < 8; i++)
		PUT(to->at[i], MOVE(from->at[i]));
}
