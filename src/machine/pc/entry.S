/* SPDX-License-Identifier: MIT */
/*
 * From the CPU's interrupt frame to trap.c, and on to the system's handler.
 *
 * Every vector enters on a stack of the machine's own (IST), so the stack of
 * whoever was interrupted is not touched.  No vector register is written
 * before they are saved: trap.c is compiled without.
 */
#include "machine/pc/gate.h"
#include "machine/pc/layout.h"
#include "machine/pc/resident.h"

#include "arch/x86_64/trap_frame.h"

#define NO_ERROR -1 /* no error code of the CPU's: they are 32 bits */
#define MXCSR_DEFAULT 0x1f80 /* psABI 3.2.1: all exceptions masked */

RESIDENT_FILE("where the CPU goes on a trap, on stacks that no cell owns")

	.text

	.macro	label name
	.globl	\name
	.hidden	\name
\name:
	.endm

	.balign	8
label trap_stubs
	.set	vector, 0
	.rept	PC_VECTORS
	.balign	PC_STUB_SIZE
	push	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

label trap_stub_int80
	push	$PC_VECTOR_INT80
	jmp	trap_common

/* An interrupt that went away before it could be told: SDM vol. 3, 10.9. */
label trap_stub_spurious
	iretq

/*
 * On the stack: the vector, an error code for some vectors, rip, cs, rflags,
 * rsp, ss.  The stack began at a multiple of 16, so its pointer tells whether
 * there is an error code, whatever the vector: `int 14` pushes none.  Below
 * it, struct trap_frame is laid out but for the vector state.
 */
label trap_common
	test	$8, %spl
	jnz	1f
	push	(%rsp)
	movq	$NO_ERROR, 8(%rsp)
1:	push	$0			/* to a multiple of 16 */
	push	$0			/* reserved */
	push	$0			/* address */
	push	32(%rsp)		/* error */
	push	32(%rsp)		/* vector */
	push	72(%rsp)		/* rflags */
	push	64(%rsp)		/* rip */
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%r11
	push	%r10
	push	%r9
	push	%r8
	push	160(%rsp)		/* rsp */
	push	%rbp
	push	%rdi
	push	%rsi
	push	%rbx
	push	%rcx
	push	%rdx
	push	%rax
	lea	-TRAP_FRAME_RAX(%rsp), %rdi
	cld
	call	trap_take
	/* rax: the frame, but for the vector state; rdx: the handler. */
	fxsave64 (%rax)
	fninit
	ldmxcsr	mxcsr(%rip)
	movq	$0, -8(%rax)
	lea	-8(%rax), %rsp
	mov	%rax, %rdi
	xor	%ebp, %ebp
	jmp	*%rdx

/* trap_enter(entry, argument, top) */
	.type	trap_enter, @function
label trap_enter
	mov	%rdi, %rax
	mov	%rsi, %rdi
	lea	-8(%rdx), %rsp
	movq	$0, (%rsp)
	xor	%ebp, %ebp
	cld
	jmp	*%rax
	.size	trap_enter, . - trap_enter

	.section .rodata
	.balign	4
mxcsr:	.long	MXCSR_DEFAULT
	.size	mxcsr, . - mxcsr

RESIDENT(mxcsr, "the system's handlers begin with vector state as at the start")
RESIDENT(trap_ist_stacks, "stacks of the CPU's own: on any other a trap could not be taken")
RESIDENT(trap_iret, "what machine_resume() loads at once has to lie where no cell writes")
RESIDENT(trap_guest_rsp, "the caller's stack while a gate is on the machine's")

/* Of this CPU: between trap_cpu and trap_cpu_end the stack pointer is the machine's. */
	.bss
	.balign	16
label trap_cpu
label trap_ist_stacks
	.zero	PC_IST_STACKS * PC_IST_STACK_SIZE
	.zero	GATE_STACK_SIZE
label trap_stack_end
label trap_iret
	.zero	40			/* rip, cs, rflags, rsp, ss */
label trap_iret_end
label trap_cpu_end
label trap_guest_rsp
	.zero	8

	.section .note.GNU-stack, "", @progbits
