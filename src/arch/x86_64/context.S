/* SPDX-License-Identifier: MIT */
/*
 * The voluntary switch and the outermost frames of tasks; see context.h.
 *
 * The stubs are reached by `ret` only, so their address is never taken by a
 * relocation: a context that has not run holds on to the version that made it.
 * Each stub's FDE begins one byte early, because an unwinder that meets the
 * stub's address as a return address looks up the byte before it.
 */

/* Intel SDM vol. 1, 10.2.3: bits 6 to 15 control, bits 0 to 5 are sticky flags. */
#define MXCSR_CONTROL 0xffc0

	.section .text.context_switch, "ax", @progbits
	.globl context_switch
	.hidden context_switch
	.type context_switch, @function
	.p2align 4
context_switch:
	.cfi_startproc
	pushq %rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	pushq %rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	pushq %r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	pushq %r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	pushq %r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	pushq %r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	movl (%rsp), %eax
	movzwl 4(%rsp), %ecx
	movq %rsp, (%rdi)
	/* The other stack has the same layout, so the unwind rules go on to hold. */
	movq %rsi, %rsp
	xorl (%rsp), %eax
	testl $MXCSR_CONTROL, %eax
	jne 3f
1:	cmpw 4(%rsp), %cx
	jne 4f
2:	.cfi_remember_state
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	popq %r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r15
	popq %r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r14
	popq %r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r13
	popq %r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r12
	popq %rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	popq %rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbp
	ret
	/* Loading a control word costs more than the rest of the switch. */
	.cfi_restore_state
3:	ldmxcsr (%rsp)
	jmp 1b
4:	fldcw 4(%rsp)
	jmp 2b
	.cfi_endproc
	.size context_switch, . - context_switch

/* Returns the address of a stub: rbx argument, r12 function, rsp empty stack. */
	.section .text.context_start, "ax", @progbits
	.globl context_start
	.hidden context_start
	.type context_start, @function
	.p2align 4
context_start:
	.cfi_startproc
	leaq 1f(%rip), %rax
	ret
	.cfi_endproc
	.cfi_startproc
	.cfi_undefined %rip
	nop
1:	xorl %ebp, %ebp
	movq %rbx, %rdi
	call *%r12
	ud2
	.cfi_endproc
	.size context_start, . - context_start

/* The same for rbx trap frame, r13 stack. */
	.section .text.context_resume, "ax", @progbits
	.globl context_resume
	.hidden context_resume
	.type context_resume, @function
	.p2align 4
context_resume:
	.cfi_startproc
	leaq 1f(%rip), %rax
	ret
	.cfi_endproc
	.cfi_startproc
	.cfi_undefined %rip
	nop
1:	movq %r13, %rsp
	movq %rbx, %rdi
	call *machine_resume@GOTPCREL(%rip)
	ud2
	.cfi_endproc
	.size context_resume, . - context_resume

	.section .text.context_abandon, "ax", @progbits
	.globl context_abandon
	.hidden context_abandon
	.type context_abandon, @function
	.p2align 4
context_abandon:
	.cfi_startproc
	.cfi_undefined %rip
	movq %rdi, %rsp
	andq $-16, %rsp
	xorl %ebp, %ebp
	movq %rdx, %rdi
	call *%rsi
	ud2
	.cfi_endproc
	.size context_abandon, . - context_abandon

	.section .note.GNU-stack, "", @progbits
