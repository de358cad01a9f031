/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `scan`: all memory that may hold a pointer.
 *
 * Conservative: what is used comes from the frame allocator and the linker's
 * pools, what can be read from the machine, how far a stack is in use from its
 * task.  For swap, ledger and captain.  Interrupts off; does not allocate.
 */
#ifndef CLEW_SCAN_H
#define CLEW_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct task;

/* One page of words. */
typedef void scan_page_visitor(void *context, const uint64_t *words, size_t count);

/* Every used page that can be read; only those that can be written, when writable_only. */
void scan_pages(bool writable_only, scan_page_visitor *visit, void *context);

/*
 * Whether the word at the address may still be read by somebody: false in
 * the unused part of a stack.  own_sp: the caller's stack is in use from
 * there on.  *ret_stack_of: the task whose stack or record it is in, or NULL.
 */
bool scan_is_live(uintptr_t address, uintptr_t own_sp, struct task **ret_stack_of);

#endif
