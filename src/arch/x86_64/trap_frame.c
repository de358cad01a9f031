/* SPDX-License-Identifier: MIT */
/*
 * Holds the offsets that assembly uses to the structs that C uses.  No code.
 */
#include "arch/x86_64/trap_frame.h"

#include <stddef.h>

#include <clew/trap.h>

#include "arch/x86_64/context.h"

#define SAME(field, offset) \
	_Static_assert(offsetof(struct trap_frame, field) == (offset), "struct " \
								       "trap_frame: " #field)

SAME(fx, TRAP_FRAME_FX);
SAME(rax, TRAP_FRAME_RAX);
SAME(rdx, TRAP_FRAME_RDX);
SAME(rcx, TRAP_FRAME_RCX);
SAME(rbx, TRAP_FRAME_RBX);
SAME(rsi, TRAP_FRAME_RSI);
SAME(rdi, TRAP_FRAME_RDI);
SAME(rbp, TRAP_FRAME_RBP);
SAME(rsp, TRAP_FRAME_RSP);
SAME(r8, TRAP_FRAME_R8);
SAME(r9, TRAP_FRAME_R9);
SAME(r10, TRAP_FRAME_R10);
SAME(r11, TRAP_FRAME_R11);
SAME(r12, TRAP_FRAME_R12);
SAME(r13, TRAP_FRAME_R13);
SAME(r14, TRAP_FRAME_R14);
SAME(r15, TRAP_FRAME_R15);
SAME(rip, TRAP_FRAME_RIP);
SAME(rflags, TRAP_FRAME_RFLAGS);
SAME(vector, TRAP_FRAME_VECTOR);
SAME(error, TRAP_FRAME_ERROR);
SAME(address, TRAP_FRAME_ADDRESS);
_Static_assert(sizeof(struct trap_frame) == TRAP_FRAME_SIZE, "struct trap_frame: size");

/* context.S pops in this order. */
_Static_assert(offsetof(struct context, mxcsr) == 0, "struct context: mxcsr");
_Static_assert(offsetof(struct context, x87_control) == 4, "struct context: x87_control");
_Static_assert(offsetof(struct context, r15) == 8, "struct context: r15");
_Static_assert(offsetof(struct context, r14) == 16, "struct context: r14");
_Static_assert(offsetof(struct context, r13) == 24, "struct context: r13");
_Static_assert(offsetof(struct context, r12) == 32, "struct context: r12");
_Static_assert(offsetof(struct context, rbx) == 40, "struct context: rbx");
_Static_assert(offsetof(struct context, rbp) == 48, "struct context: rbp");
_Static_assert(offsetof(struct context, rip) == 56, "struct context: rip");
_Static_assert(sizeof(struct context) == 64, "struct context: size");
