/* SPDX-License-Identifier: MIT */
/* One field of each kind, of one undefined symbol each. */
	.section .rodata.ranges, "a", @progbits
	.globl	field_32, field_pc32, field_pc64, field_64
	.balign	8
field_32:
	.long	target_32
field_pc32:
	.long	target_pc32 - .
field_pc64:
	.quad	target_pc64 - .
field_64:
	.quad	target_64

	.section .text.ranges, "ax", @progbits
	.globl	field_32s
	mov	$target_32s, %rax
	.set	field_32s, . - 4
	lea	field_32s(%rip), %rax
	.section .note.GNU-stack, "", @progbits
