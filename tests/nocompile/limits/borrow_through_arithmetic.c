/* SPDX-License-Identifier: MIT */
/* A pointer that was a sum of two numbers is nobody's. */
#include <clew/heap.h>

int first(heap_block *from, uintptr_t base);
int first(heap_block *from, uintptr_t base)
{
	OWN(heap_block, block) = MOVE(*from);
	uintptr_t distance = base - (uintptr_t)heap_block_at(&block);

	heap_block_drop(MOVE(block));
	return *(char *)(base - distance);
}
