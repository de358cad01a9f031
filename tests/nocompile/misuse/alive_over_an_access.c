/* SPDX-License-Identifier: MIT */
/*
 * error: is alive without a cleanup
 * fixed:
 */
#include <clew/heap.h>

void consume(heap_block block, int *count);
void consume(heap_block block, int *count)
{
	*count += 1; /* wrong */
	heap_block_drop(block);
}
