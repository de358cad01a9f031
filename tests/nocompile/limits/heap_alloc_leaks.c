/* SPDX-License-Identifier: MIT */
/* A pointer of heap_alloc() is no owner. */
#include <clew/heap.h>

int lose(void);
int lose(void)
{
	return heap_alloc(64) == NULL;
}
