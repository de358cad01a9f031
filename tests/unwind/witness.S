/* SPDX-License-Identifier: MIT */
/*
 * Calls a function as if it were called from a signal handler that interrupted
 * code with the given registers: to an unwinder this function is a signal
 * frame, and what it reads in it are the words of the array.
 *
 * void witness_call_inside(const uint64_t registers[17], void *function, void *first, void *second)
 *
 * The array is in order of DWARF's numbers, the return address last.
 */
#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_OP_deref 0x06
#define DW_OP_breg3 0x73

	.text
	.globl witness_call_inside
	.type witness_call_inside, @function
witness_call_inside:
	.cfi_startproc
	pushq %rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	movq %rdi, %rbx
	movq %rsi, %rax
	movq %rdx, %rdi
	movq %rcx, %rsi
	.cfi_endproc

	.cfi_startproc
	.cfi_signal_frame
	/* The CFA is the stack pointer of the array: breg3 7 * 8, deref. */
	.cfi_escape DW_CFA_def_cfa_expression, 3, DW_OP_breg3, 56, DW_OP_deref
	/* Each register is at rbx + 8 * its number. */
	.irp number, 0, 1, 2, 3, 4, 5, 6, 7
	.cfi_escape DW_CFA_expression, \number, 2, DW_OP_breg3, \number * 8
	.endr
	.irp number, 8, 9, 10, 11, 12, 13, 14, 15, 16
	/* Signed, of two bytes from 64 on. */
	.cfi_escape DW_CFA_expression, \number, 3, DW_OP_breg3
	.cfi_escape (\number * 8 & 0x7f) | 0x80, \number / 16
	.endr
	call *%rax
	.cfi_endproc

	.cfi_startproc
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	popq %rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbx
	ret
	.cfi_endproc
	.size witness_call_inside, . - witness_call_inside

	.section .note.GNU-stack, "", @progbits
