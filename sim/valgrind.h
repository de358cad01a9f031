/* SPDX-License-Identifier: MIT */
/*
 * What Valgrind cannot see by itself when it runs the machine: which memory
 * may be a stack, and that code was written from outside.
 *
 * No policy: any run of writable pages may become a stack, so Valgrind is told
 * of every one.  Without Valgrind all of this does nothing.
 */
#ifndef SIM_VALGRIND_H
#define SIM_VALGRIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/trap.h>

bool valgrind_is_there(void);
extern bool valgrind_is_watching; /* the same, for trap.S, once valgrind_init() has asked */
void valgrind_init(void);

/* The pages of [start, end) changed their permission. */
void valgrind_mapped(uintptr_t start, uintptr_t end, bool writable);

/* A stack within writable pages, for as long as these. */
void valgrind_has_stack(uintptr_t start, uintptr_t end);

/* What lies below an interrupted stack pointer is free for whoever handles the trap. */
void valgrind_interrupts(uint64_t rsp);

/* Whoever handles a fault reads the whole stack, and the registers, whatever they hold. */
void valgrind_faults(uint64_t rsp, const void *frame, size_t size);

/* The stack pointer has become the frame's address, from wherever it was. */
void valgrind_handles(const struct trap_frame *frame);

/* The stack pointer is about to become this, from wherever it is. */
void valgrind_resumes(uint64_t rsp);

/* The bytes were written through /proc/self/mem. */
void valgrind_patched(uintptr_t va, size_t size);

#endif
