/* SPDX-License-Identifier: MIT */
/*
 * Runs code that faults and comes back with the frame; fills and reads back
 * all registers.
 */
#include "arch/x86_64/trap_frame.h"

	.text
	.macro	function name
	.globl	\name
	.hidden	\name
	.type	\name, @function
\name:
	.endm

/* const struct trap_frame *guest_try(rip, rdi) */
function guest_try
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	sub	$8, %rsp
	mov	%rsp, guest_catch_rsp(%rip)
	mov	%rdi, %rax
	mov	%rsi, %rdi
	call	*%rax
	xor	%eax, %eax
leave_try:
	add	$8, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

/* void guest_catch(frame): leaves the trap stack for the one of guest_try. */
function guest_catch
	mov	%rdi, %rax
	mov	guest_catch_rsp(%rip), %rsp
	jmp	leave_try

/* Code for guest_try. */
function guest_syscall
	mov	$39, %eax	/* getpid */
	syscall
	ret
function guest_int80
	mov	$20, %eax	/* getpid */
	int	$0x80
	ret
function guest_ud2
	ud2
function guest_int3
	int3
	ret
function guest_divide
	xor	%ecx, %ecx
	mov	$1, %eax
	cltd
	idiv	%ecx
	ret
/* Vectors of exceptions that push an error code, as software interrupts. */
function guest_int8
	int	$8
	ret
function guest_int14
	int	$14
	ret
function guest_int_spurious
	int	$0xff
	ret
function guest_int_nmi
	int	$2
	ret
function guest_int_machine_check
	int	$18
	ret
function guest_sysenter
	sysenter
	ret
/* The stack ends at rdi. */
function guest_call_on_stack
	mov	%rdi, %rsp
	call	*machine_prot_at@GOTPCREL(%rip)
function guest_call_on_stack_after
	ud2
/* Control words of a program's own, and the direction flag. */
function guest_load_words
	movl	$0x1d80, -8(%rsp)
	ldmxcsr	-8(%rsp)
	movw	$0x0340, -8(%rsp)
	fldcw	-8(%rsp)
	std
function guest_load_words_end
	ud2
/* 1 / 0 with the x87's exceptions unmasked; the next instruction that waits faults. */
function guest_divide_x87
	fninit
	movw	$0x0340, -8(%rsp)
	fldcw	-8(%rsp)
	fld1
	fldz
	fdivrp	%st, %st(1)
	.globl	guest_wait_x87
	.hidden	guest_wait_x87
guest_wait_x87:
	fwait
	ret
function guest_load
	mov	(%rdi), %rax
	ret
function guest_store
	mov	%rdi, (%rdi)
	ret
function guest_jump
	jmp	*%rdi
function guest_recurse
	push	%rbp
	mov	%rdi, %rsp
1:	push	%rax
	jmp	1b

/* Stores all registers but rsp and flags at guest_seen, in the frame's order, and returns. */
	.macro	store_all
	mov	%rax, TRAP_FRAME_RAX+guest_seen(%rip)
	mov	%rdx, TRAP_FRAME_RDX+guest_seen(%rip)
	mov	%rcx, TRAP_FRAME_RCX+guest_seen(%rip)
	mov	%rbx, TRAP_FRAME_RBX+guest_seen(%rip)
	mov	%rsi, TRAP_FRAME_RSI+guest_seen(%rip)
	mov	%rdi, TRAP_FRAME_RDI+guest_seen(%rip)
	mov	%rbp, TRAP_FRAME_RBP+guest_seen(%rip)
	mov	%rsp, TRAP_FRAME_RSP+guest_seen(%rip)
	mov	%r8, TRAP_FRAME_R8+guest_seen(%rip)
	mov	%r9, TRAP_FRAME_R9+guest_seen(%rip)
	mov	%r10, TRAP_FRAME_R10+guest_seen(%rip)
	mov	%r11, TRAP_FRAME_R11+guest_seen(%rip)
	mov	%r12, TRAP_FRAME_R12+guest_seen(%rip)
	mov	%r13, TRAP_FRAME_R13+guest_seen(%rip)
	mov	%r14, TRAP_FRAME_R14+guest_seen(%rip)
	mov	%r15, TRAP_FRAME_R15+guest_seen(%rip)
	fxsave64 guest_seen(%rip)
	.endm

/* Where machine_resume() goes in the scenario "resume". */
function guest_resumed
	store_all
	mov	guest_catch_rsp(%rip), %rsp
	pushfq
	popq	TRAP_FRAME_RFLAGS+guest_seen(%rip)
	xor	%eax, %eax
	cld
	jmp	leave_try

/* Loads every register from guest_set, then ud2 at guest_load_all_end. */
function guest_load_all
	fxrstor64 guest_set(%rip)
	mov	TRAP_FRAME_RAX+guest_set(%rip), %rax
	mov	TRAP_FRAME_RDX+guest_set(%rip), %rdx
	mov	TRAP_FRAME_RCX+guest_set(%rip), %rcx
	mov	TRAP_FRAME_RBX+guest_set(%rip), %rbx
	mov	TRAP_FRAME_RSI+guest_set(%rip), %rsi
	mov	TRAP_FRAME_RDI+guest_set(%rip), %rdi
	mov	TRAP_FRAME_RBP+guest_set(%rip), %rbp
	mov	TRAP_FRAME_R8+guest_set(%rip), %r8
	mov	TRAP_FRAME_R9+guest_set(%rip), %r9
	mov	TRAP_FRAME_R10+guest_set(%rip), %r10
	mov	TRAP_FRAME_R11+guest_set(%rip), %r11
	mov	TRAP_FRAME_R12+guest_set(%rip), %r12
	mov	TRAP_FRAME_R13+guest_set(%rip), %r13
	mov	TRAP_FRAME_R14+guest_set(%rip), %r14
	mov	TRAP_FRAME_R15+guest_set(%rip), %r15
	pushq	TRAP_FRAME_RFLAGS+guest_set(%rip)
	popfq
	mov	TRAP_FRAME_RSP+guest_set(%rip), %rsp
function guest_load_all_end
	ud2

/*
 * Loads every register from guest_set, spins until guest_interrupts has
 * passed rdi (kept on the side), stores every register to guest_seen.
 */
function guest_spin_all
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rdi, spin_until(%rip)
	fxrstor64 guest_set(%rip)
	mov	TRAP_FRAME_RAX+guest_set(%rip), %rax
	mov	TRAP_FRAME_RDX+guest_set(%rip), %rdx
	mov	TRAP_FRAME_RCX+guest_set(%rip), %rcx
	mov	TRAP_FRAME_RBX+guest_set(%rip), %rbx
	mov	TRAP_FRAME_RSI+guest_set(%rip), %rsi
	mov	TRAP_FRAME_RDI+guest_set(%rip), %rdi
	mov	TRAP_FRAME_RBP+guest_set(%rip), %rbp
	mov	TRAP_FRAME_R8+guest_set(%rip), %r8
	mov	TRAP_FRAME_R9+guest_set(%rip), %r9
	mov	TRAP_FRAME_R10+guest_set(%rip), %r10
	mov	TRAP_FRAME_R11+guest_set(%rip), %r11
	mov	TRAP_FRAME_R12+guest_set(%rip), %r12
	mov	TRAP_FRAME_R13+guest_set(%rip), %r13
	mov	TRAP_FRAME_R14+guest_set(%rip), %r14
	/* r15 is the loop's, the flags are its comparison's. */
1:	mov	spin_until(%rip), %r15
	cmp	guest_interrupts(%rip), %r15
	ja	1b
	mov	TRAP_FRAME_R15+guest_set(%rip), %r15
	store_all
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

/*
 * rdi times: interrupts on and off through the gates, with the registers that
 * a call keeps filled and compared.  Returns how often one had changed.
 */
function guest_toggle
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	sub	$8, %rsp
	mov	%rdi, %rbx
	xor	%ebp, %ebp
	mov	$0x1212121212121212, %r12
	mov	$0x1313131313131313, %r13
	mov	$0x1414141414141414, %r14
	mov	%rsp, %r15
1:	mov	$1, %edi
	call	*machine_irq_restore@GOTPCREL(%rip)
	call	*machine_irq_save@GOTPCREL(%rip)
	cmp	$1, %eax
	jne	2f
	cmp	%rsp, %r15
	jne	2f
	mov	$0x1212121212121212, %rax
	cmp	%rax, %r12
	jne	2f
	mov	$0x1313131313131313, %rax
	cmp	%rax, %r13
	jne	2f
	mov	$0x1414141414141414, %rax
	cmp	%rax, %r14
	je	3f
2:	inc	%rbp
3:	dec	%rbx
	jnz	1b
	mov	%rbp, %rax
	add	$8, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

	.bss
	.macro	variable name, size
	.globl	\name
	.hidden	\name
	.type	\name, @object
	.size	\name, \size
	.balign	16
\name:	.zero	\size
	.endm

	variable guest_catch_rsp, 8
	variable guest_set, TRAP_FRAME_SIZE
	variable guest_seen, TRAP_FRAME_SIZE
	variable guest_interrupts, 8
	.balign	8
spin_until:
	.zero	8

	.section .note.GNU-stack, "", @progbits
