/* SPDX-License-Identifier: MIT */
/*
 * Unwind tables that compilers do not write, for the witnesses of src/unwind:
 * each CFA instruction that is rare, and what libunwind or libgcc read in
 * another way.  Never runs; each function is bytes for its rows to cover.
 */
	.text

#define DW_CFA_offset_extended 0x05
#define DW_CFA_restore_extended 0x06
#define DW_CFA_register 0x09
#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_CFA_offset_extended_sf 0x11
#define DW_CFA_def_cfa_sf 0x12
#define DW_CFA_def_cfa_offset_sf 0x13
#define DW_CFA_val_offset 0x14
#define DW_CFA_val_offset_sf 0x15
#define DW_CFA_val_expression 0x16
#define DW_CFA_GNU_args_size 0x2e
#define DW_OP_deref 0x06
#define DW_OP_drop 0x13
#define DW_OP_and 0x1a
#define DW_OP_plus 0x22
#define DW_OP_plus_uconst 0x23
#define DW_OP_shl 0x24
#define DW_OP_ge 0x2a
#define DW_OP_lit3 0x33
#define DW_OP_lit11 0x3b
#define DW_OP_lit15 0x3f
#define DW_OP_breg7 0x77
#define DW_OP_breg9 0x79
#define DW_OP_breg16 0x80

#define RBX 3
#define RBP 6
#define RSP 7
#define R8 8
#define R12 12
#define R13 13
#define R14 14
#define RIP 16
#define XMM6 23

	.macro function name
	.globl \name
	.type \name, @function
\name:
	.cfi_startproc
	nop
	.endm

	.macro end name
	.nops 3
	.cfi_endproc
	.size \name, . - \name
	.endm

	/* Offsets by every instruction that has one; the data alignment is -8. */
	function offsets
	.cfi_def_cfa_offset 64
	.cfi_escape DW_CFA_offset_extended, RBX, 2
	nop
	.cfi_escape DW_CFA_offset_extended_sf, RBP, 3
	nop
	.cfi_escape DW_CFA_offset_extended_sf, R12, 0x7f
	nop
	.cfi_escape DW_CFA_val_offset, R13, 5
	nop
	.cfi_escape DW_CFA_val_offset_sf, R14, 0x7e
	nop
	.cfi_escape DW_CFA_restore_extended, RBX
	nop
	.cfi_escape DW_CFA_def_cfa_sf, RBP, 0x70
	nop
	.cfi_escape DW_CFA_def_cfa_offset_sf, 0x60
	end offsets

	/* Values kept in other registers, the return address too. */
	function registers
	.cfi_register rbx, r10
	nop
	.cfi_register rip, rcx
	nop
	.cfi_same_value rbx
	nop
	.cfi_undefined rbp
	nop
	.cfi_restore rbp
	end registers

	function states
	.cfi_remember_state
	.cfi_def_cfa_offset 16
	.cfi_offset rbx, -16
	nop
	.cfi_remember_state
	.cfi_def_cfa rbp, 32
	.cfi_offset r15, -32
	nop
	.cfi_restore_state
	nop
	.cfi_restore_state
	.cfi_escape DW_CFA_GNU_args_size, 8
	end states

	/* As entries of a procedure linkage table: 8, and 8 more from the 11th byte of 16 on. */
	.balign 16
	function linkage_table
	.cfi_escape DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 8, DW_OP_breg16, 0
	.cfi_escape DW_OP_lit15, DW_OP_and, DW_OP_lit11, DW_OP_ge
	.cfi_escape DW_OP_lit3, DW_OP_shl, DW_OP_plus
	.nops 14
	end linkage_table

	/* A stack that was aligned: its old pointer is in it, also at an index. */
	function realigned
	.cfi_escape DW_CFA_def_cfa_expression, 5, DW_OP_breg7, 16
	.cfi_escape DW_OP_deref, DW_OP_plus_uconst, 8
	.cfi_escape DW_CFA_expression, RBX, 3, DW_OP_drop, DW_OP_breg7, 24
	.cfi_escape DW_CFA_val_expression, RBP, 2, DW_OP_breg7, 32
	.cfi_escape DW_CFA_expression, R12, 2, DW_OP_plus_uconst, 0x08
	nop
	.cfi_escape DW_CFA_def_cfa_expression, 8, DW_OP_breg9, 0, DW_OP_lit3, DW_OP_shl
	.cfi_escape DW_OP_breg7, 0, DW_OP_plus, DW_OP_deref
	end realigned

	/* libunwind: no column above 16. */
	function vector
	.cfi_offset xmm6, -64
	nop
	.cfi_restore xmm6
	end vector

	/* libunwind: the caller's stack pointer is the CFA. */
	function other_stack
	.cfi_register rsp, r8
	end other_stack

	/* libgcc: finds the empty one. */
	.globl empty
	.type empty, @function
empty:
	.cfi_startproc
	.cfi_endproc
	.size empty, 0
	function beside_empty
	.cfi_def_cfa_offset 48
	end beside_empty

	function outermost
	.cfi_undefined rip
	end outermost

	.globl interrupted
	.type interrupted, @function
interrupted:
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa_offset 128
	.cfi_offset rbx, -16
	.cfi_offset rsp, -24
	end interrupted

	.section .note.GNU-stack, "", @progbits
