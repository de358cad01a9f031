/* SPDX-License-Identifier: MIT */
/*
 * Contexts that nobody has run yet, for context_switch() (context.S) to
 * continue.  Freestanding, no allocation.
 */
#include "arch/x86_64/context.h"

/* psABI 3.4.1: all exceptions masked, round to nearest, extended precision. */
#define MXCSR_INITIAL 0x1f80u
#define X87_CONTROL_INITIAL 0x037fu

void *context_new(uintptr_t stack_high, context_function *function, void *argument)
{
	struct context *context = (struct context *)((stack_high & -16ul) - sizeof(*context));

	*context = (struct context){
		.mxcsr = MXCSR_INITIAL,
		.x87_control = X87_CONTROL_INITIAL,
		.r12 = (uint64_t)function,
		.rbx = (uint64_t)argument,
		.rip = context_start(),
	};
	return context;
}

void *context_of_trap(struct context *place, const struct trap_frame *frame, uintptr_t stack)
{
	/* The frame brings its own control words; these only spare a reload. */
	*place = (struct context){
		.mxcsr = MXCSR_INITIAL,
		.x87_control = X87_CONTROL_INITIAL,
		.r13 = stack,
		.rbx = (uint64_t)frame,
		.rip = context_resume(),
	};
	return place;
}
