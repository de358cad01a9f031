/* SPDX-License-Identifier: MIT */
/*
 * Contexts: where a flow of control that is not running continues.
 *
 * A context is one pointer, to a struct context on the stack it belongs to.
 * Voluntary switches save what the psABI calls preserved, the control words
 * of SSE and x87 included; an interrupted program's registers are in its
 * trap frame, which context_of_trap() makes a context too.  Freestanding; no
 * policy, no state.
 */
#ifndef ARCH_CONTEXT_H
#define ARCH_CONTEXT_H

#include <stdint.h>

#include <clew/trap.h>

struct context {
	uint32_t mxcsr;
	uint16_t x87_control;
	uint16_t reserved;
	uint64_t r15, r14, r13, r12, rbx, rbp;
	uint64_t rip;
};

typedef void context_function(void *argument);

/*
 * Saves the caller's context in *save and continues `to`; returns when
 * somebody continues *save.  Interrupts off on both sides.
 */
void context_switch(void **save, void *to);

/* A context that calls function(argument) on an empty stack; the function must not return. */
void *context_new(uintptr_t stack_high, context_function *function, void *argument);

/*
 * A context, written to *place, that ends in machine_resume(frame); `stack`
 * is 16-byte aligned and what lies below it is free for that call.
 */
void *context_of_trap(struct context *place, const struct trap_frame *frame, uintptr_t stack);

/* Gives up the caller's stack and calls function(argument) on an empty one. */
_Noreturn void context_abandon(uintptr_t stack_high, context_function *function, void *argument);

/* Addresses inside context.S, for context.c: the two outermost frames. */
uint64_t context_start(void);
uint64_t context_resume(void);

#endif
