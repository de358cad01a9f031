/* SPDX-License-Identifier: MIT */
/*
 * Where unwinding begins: the registers of a call, as its caller will have
 * them when the call returns, in a struct unwind_cursor (unwind/unwind.h).
 *
 * Linked into the cell recovery, which checks the offsets.
 */
#define CURSOR_RBX 24
#define CURSOR_RBP 48
#define CURSOR_RSP 56
#define CURSOR_R12 96
#define CURSOR_R13 104
#define CURSOR_R14 112
#define CURSOR_R15 120
#define CURSOR_RIP 128
#define CURSOR_CFA 136
#define CURSOR_EXACT 144
#define CURSOR_SIZE 152

	.macro	save_preserved cursor
	movq %rbx, CURSOR_RBX(\cursor)
	movq %rbp, CURSOR_RBP(\cursor)
	movq %r12, CURSOR_R12(\cursor)
	movq %r13, CURSOR_R13(\cursor)
	movq %r14, CURSOR_R14(\cursor)
	movq %r15, CURSOR_R15(\cursor)
	movq %rax, CURSOR_RSP(\cursor)
	movq %rdx, CURSOR_RIP(\cursor)
	movq $0, CURSOR_CFA(\cursor)
	movb $0, CURSOR_EXACT(\cursor)
	.endm

/* void unwind_capture(struct unwind_cursor *ret): the caller's frame. */
	.section .text.unwind_capture, "ax", @progbits
	.globl unwind_capture
	.hidden unwind_capture
	.type unwind_capture, @function
	.p2align 4
unwind_capture:
	.cfi_startproc
	leaq 8(%rsp), %rax
	movq (%rsp), %rdx
	save_preserved %rdi
	ret
	.cfi_endproc
	.size unwind_capture, . - unwind_capture

/*
 * void _Unwind_Resume(void *exception): what a landing pad calls when its
 * cleanups are done.  The exception is not looked at: the task knows.
 */
	.section .text._Unwind_Resume, "ax", @progbits
	.globl _Unwind_Resume
	.type _Unwind_Resume, @function
	.p2align 4
_Unwind_Resume:
	.cfi_startproc
	leaq 8(%rsp), %rax
	movq (%rsp), %rdx
	subq $CURSOR_SIZE, %rsp
	.cfi_adjust_cfa_offset CURSOR_SIZE
	save_preserved %rsp
	movq %rsp, %rdi
	call recovery_resume
	ud2
	.cfi_endproc
	.size _Unwind_Resume, . - _Unwind_Resume

/*
 * _Noreturn void unwind_enter(const struct unwind_cursor *cursor, uint64_t rip,
 * uint64_t exception): goes on at rip, in the cursor's frame, which lies above
 * the caller's on one stack.
 */
	.section .text.unwind_enter, "ax", @progbits
	.globl unwind_enter
	.hidden unwind_enter
	.type unwind_enter, @function
	.p2align 4
unwind_enter:
	.cfi_startproc
	.cfi_undefined %rip
	movq %rdx, %rax
	xorl %edx, %edx
	movq CURSOR_RBX(%rdi), %rbx
	movq CURSOR_RBP(%rdi), %rbp
	movq CURSOR_R12(%rdi), %r12
	movq CURSOR_R13(%rdi), %r13
	movq CURSOR_R14(%rdi), %r14
	movq CURSOR_R15(%rdi), %r15
	movq CURSOR_RSP(%rdi), %rsp
	jmp *%rsi
	.cfi_endproc
	.size unwind_enter, . - unwind_enter

	.section .note.GNU-stack, "", @progbits
