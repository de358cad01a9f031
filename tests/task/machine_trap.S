/* SPDX-License-Identifier: MIT */
/*
 * Traps of the test machine: from a call into a trap frame, and from a trap
 * frame into whatever it describes.
 */
#include "arch/x86_64/trap_frame.h"

	.section machine_text, "ax", @progbits

/*
 * void machine_enter(struct trap_frame *frame, machine_trap_handler *handler):
 * the registers as they are after this call returns, then handler(frame) on
 * the stack below the frame.  vector, error and address are the caller's.
 */
	.globl machine_enter
	.type machine_enter, @function
machine_enter:
	.cfi_startproc
	fxsave64 TRAP_FRAME_FX(%rdi)
	movq %rbx, TRAP_FRAME_RBX(%rdi)
	movq %rbp, TRAP_FRAME_RBP(%rdi)
	movq %r12, TRAP_FRAME_R12(%rdi)
	movq %r13, TRAP_FRAME_R13(%rdi)
	movq %r14, TRAP_FRAME_R14(%rdi)
	movq %r15, TRAP_FRAME_R15(%rdi)
	movq (%rsp), %rax
	movq %rax, TRAP_FRAME_RIP(%rdi)
	leaq 8(%rsp), %rax
	movq %rax, TRAP_FRAME_RSP(%rdi)
	.cfi_undefined %rip
	movq %rdi, %rsp
	call *%rsi
	ud2
	.cfi_endproc
	.size machine_enter, . - machine_enter

/* void machine_load(const struct trap_frame *frame), on a stack with room for 48 bytes. */
	.globl machine_load
	.type machine_load, @function
machine_load:
	.cfi_startproc
	.cfi_undefined %rip
	fxrstor64 TRAP_FRAME_FX(%rdi)
	movl %ss, %eax
	pushq %rax
	pushq TRAP_FRAME_RSP(%rdi)
	pushq TRAP_FRAME_RFLAGS(%rdi)
	orq $0x200, (%rsp)
	movl %cs, %eax
	pushq %rax
	pushq TRAP_FRAME_RIP(%rdi)
	movq TRAP_FRAME_RAX(%rdi), %rax
	movq TRAP_FRAME_RDX(%rdi), %rdx
	movq TRAP_FRAME_RCX(%rdi), %rcx
	movq TRAP_FRAME_RBX(%rdi), %rbx
	movq TRAP_FRAME_RSI(%rdi), %rsi
	movq TRAP_FRAME_RBP(%rdi), %rbp
	movq TRAP_FRAME_R8(%rdi), %r8
	movq TRAP_FRAME_R9(%rdi), %r9
	movq TRAP_FRAME_R10(%rdi), %r10
	movq TRAP_FRAME_R11(%rdi), %r11
	movq TRAP_FRAME_R12(%rdi), %r12
	movq TRAP_FRAME_R13(%rdi), %r13
	movq TRAP_FRAME_R14(%rdi), %r14
	movq TRAP_FRAME_R15(%rdi), %r15
	movq TRAP_FRAME_RDI(%rdi), %rdi
	iretq
	.cfi_endproc
	.size machine_load, . - machine_load

	.section .note.GNU-stack, "", @progbits
