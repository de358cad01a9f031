/* SPDX-License-Identifier: MIT */
/*
 * error: is alive without a cleanup
 * fixed: int r = a * b;
 */
#include <clew/heap.h>

int consume(heap_block block, int a, int b);
int consume(heap_block block, int a, int b)
{
	int r = a / b; /* wrong */

	heap_block_drop(block);
	return r;
}
