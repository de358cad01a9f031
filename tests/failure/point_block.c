/* SPDX-License-Identifier: MIT */
/*
 * In front of the heap's blocks: they may fail.
 *
 * In nano_core ld --wrap puts it there.  In the cell `heap` these are the
 * cell's exports, and heap.c is compiled with other names for its own.
 */
#include <clew/cell.h>
#include <clew/heap.h>

#include "failure.h"

extern __typeof__(heap_alloc) __real_heap_alloc, __wrap_heap_alloc;
extern __typeof__(heap_block_new) __real_heap_block_new, __wrap_heap_block_new;

CELL_EXPORT void *__wrap_heap_alloc(size_t size)
{
	return failure_due(FAILURE_BLOCK) ? NULL : __real_heap_alloc(size);
}

CELL_EXPORT int __wrap_heap_block_new(size_t size, heap_block *ret)
{
	return failure_due(FAILURE_BLOCK) ? -ENOMEM : __real_heap_block_new(size, ret);
}
