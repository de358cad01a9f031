/* SPDX-License-Identifier: MIT */
/* A function without unwind tables, as assembly without CFI directives is. */
	.text
	.globl leaf_without_tables
	.type leaf_without_tables, @function
leaf_without_tables:
	movl (%rdi), %eax
	ret
	.size leaf_without_tables, . - leaf_without_tables

	.section .note.GNU-stack, "", @progbits
