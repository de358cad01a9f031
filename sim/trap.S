/* SPDX-License-Identifier: MIT */
/*
 * The gate between the window and the machine.
 *
 * Every function of machine.h is a gate here: it leaves the caller's stack,
 * which may be nearly full, for the machine's, calls the C function that does
 * the work, and takes pending interrupts on the way back.
 *
 * A signal that finds the CPU in here only marks its vector as pending
 * (trap.c).  What must not be missed between testing for that and returning to
 * the window is kept by two rules: a signal inside trap_return starts that
 * code over, and one inside trap_resume_commit is taken from the frame that is
 * being resumed.
 */
#include "arch/x86_64/trap_frame.h"

#define RFLAGS_IF_BIT 9
/* What a program may set: CF PF AF ZF SF DF OF AC ID; bit 1 is always set, IF is the host's. */
#define RFLAGS_FREE 0x240cd5
#define RFLAGS_SET 0x202

#define DW_OP_deref 0x06
#define DW_OP_plus_uconst 0x23
#define DW_OP_breg7 0x77

	.text

	.macro	function name
	.globl	\name
	.type	\name, @function
	.balign	16
\name:
	.endm

	/*
	 * Calls \implementation on the machine's stack, at whose top the caller's
	 * stack pointer is kept: unwinders of the host find the caller by it.
	 * DW_CFA_def_cfa_expression: *rsp + 8.  A gate calls itself a signal frame,
	 * since gdb follows no other from one stack to a lower one.
	 */
	.macro	call_on_stack implementation
	mov	%rsp, %r11
	.cfi_def_cfa_register %r11
	mov	trap_host_rsp(%rip), %rsp
	mov	%r11, (%rsp)
	.cfi_escape 0x0f, 5, DW_OP_breg7, 0, DW_OP_deref, DW_OP_plus_uconst, 8
	call	\implementation
	mov	(%rsp), %rsp
	.cfi_def_cfa %rsp, 8
	.endm

	.macro	gate name, implementation
	function machine_\name
	.cfi_startproc
	.cfi_signal_frame
	call_on_stack \implementation
	jmp	trap_return
	.cfi_endproc
	.size	machine_\name, . - machine_\name
	.endm

	.globl	trap_text
trap_text:

	gate	info, boot_info
	gate	map, memory_map
	gate	unmap, memory_unmap
	gate	prot_at, memory_prot_at
	gate	patch, memory_patch
	gate	patch_fill, memory_fill
	gate	set_trap_handler, trap_set_handler
	gate	clock_ns, timer_clock_ns
	gate	safe_point, timer_safe_point
	gate	entropy, timer_entropy
	gate	in8, uart_in8
	gate	in16, uart_in16
	gate	in32, uart_in32
	gate	out8, uart_out8
	gate	out16, uart_out16
	gate	out32, uart_out32
	gate	lapic_read, timer_lapic_read
	gate	lapic_write, timer_lapic_write
	gate	log, run_log
	gate	trace, trace_write
	gate	image_linked, debug_image_linked
	gate	image_freed, debug_image_freed
	gate	halt, run_halt

function machine_irq_save
	movzbl	trap_interrupts(%rip), %eax
	movb	$0, trap_interrupts(%rip)
	ret
	.size	machine_irq_save, . - machine_irq_save

function machine_irq_restore
	test	%dil, %dil
	jz	1f
	movb	$1, trap_interrupts(%rip)
	jmp	trap_return
1:	ret
	.size	machine_irq_restore, . - machine_irq_restore

function machine_idle
	.cfi_startproc
	.cfi_signal_frame
	call_on_stack run_idle
	jmp	trap_take
	.cfi_endproc
	.size	machine_idle, . - machine_idle

/* Back to the window at (%rsp): a signal in here starts it over. */
function trap_return
	cmpl	$0, trap_pending(%rip)
	jne	1f
	ret
1:	cmpb	$0, trap_interrupts(%rip)
	jne	2f
	ret
2:	jmp	trap_take
	.globl	trap_return_end
trap_return_end:
	.size	trap_return, . - trap_return

/*
 * Takes a pending interrupt as if the caller of a gate had been interrupted
 * right after its call.  Registers that a call may change need not survive,
 * but rax and rdx hold the result.
 */
function trap_take
	mov	%rax, TRAP_FRAME_RAX+trap_called(%rip)
	mov	%rdx, TRAP_FRAME_RDX+trap_called(%rip)
	mov	%rcx, TRAP_FRAME_RCX+trap_called(%rip)
	mov	%rbx, TRAP_FRAME_RBX+trap_called(%rip)
	mov	%rsi, TRAP_FRAME_RSI+trap_called(%rip)
	mov	%rdi, TRAP_FRAME_RDI+trap_called(%rip)
	mov	%rbp, TRAP_FRAME_RBP+trap_called(%rip)
	mov	%r8, TRAP_FRAME_R8+trap_called(%rip)
	mov	%r9, TRAP_FRAME_R9+trap_called(%rip)
	mov	%r10, TRAP_FRAME_R10+trap_called(%rip)
	mov	%r11, TRAP_FRAME_R11+trap_called(%rip)
	mov	%r12, TRAP_FRAME_R12+trap_called(%rip)
	mov	%r13, TRAP_FRAME_R13+trap_called(%rip)
	mov	%r14, TRAP_FRAME_R14+trap_called(%rip)
	mov	%r15, TRAP_FRAME_R15+trap_called(%rip)
	mov	(%rsp), %rax
	mov	%rax, TRAP_FRAME_RIP+trap_called(%rip)
	lea	8(%rsp), %rax
	mov	%rax, TRAP_FRAME_RSP+trap_called(%rip)
	mov	trap_host_rsp(%rip), %rsp
	pushfq
	popq	TRAP_FRAME_RFLAGS+trap_called(%rip)
	fxsave64 trap_called(%rip)
	lea	trap_called(%rip), %rdi
	call	trap_take_from
	jmp	trap_handle
	.size	trap_take, . - trap_take

/* To the handler %rdx with the frame %rax, on the stack below the frame. */
function trap_handle
	mov	%rax, %rsp
	cmpb	$0, valgrind_is_watching(%rip)
	jne	2f
1:	pushq	$0
	mov	%rax, %rdi
	xor	%ebp, %ebp
	cld
	jmp	*%rdx
2:	mov	%rax, %rbx
	mov	%rdx, %r12
	mov	%rax, %rdi
	call	valgrind_handles
	mov	%rbx, %rax
	mov	%r12, %rdx
	jmp	1b
	.size	trap_handle, . - trap_handle

/* trap_leave(frame, handler): the same out of a signal's handler, whose state may be any. */
	.globl	trap_leave
function trap_leave
	mov	%rdi, %rax
	mov	%rsi, %rdx
	pushq	$RFLAGS_SET
	popfq
	fninit
	ldmxcsr	trap_mxcsr(%rip)
	jmp	trap_handle
	.size	trap_leave, . - trap_leave

/*
 * iretq takes rip, rflags and rsp from the machine's memory, so nothing is
 * written below the stack pointer that is resumed and all are loaded at once.
 */
function machine_resume
	movb	$0, trap_interrupts(%rip)
	mov	trap_host_rsp(%rip), %rsp
	mov	%rdi, trap_resuming(%rip)
	cmpb	$0, valgrind_is_watching(%rip)
	jne	3f
trap_resume_load:
	fxrstor64 (%rdi)
	mov	TRAP_FRAME_RIP(%rdi), %rax
	mov	%rax, trap_iret(%rip)
	mov	%cs, %eax
	mov	%rax, 8+trap_iret(%rip)
	mov	TRAP_FRAME_RFLAGS(%rdi), %rcx
	mov	%ecx, %eax
	and	$RFLAGS_FREE, %eax
	or	$RFLAGS_SET, %eax
	mov	%rax, 16+trap_iret(%rip)
	mov	TRAP_FRAME_RSP(%rdi), %rax
	mov	%rax, 24+trap_iret(%rip)
	mov	%ss, %eax
	mov	%rax, 32+trap_iret(%rip)
	bt	$RFLAGS_IF_BIT, %ecx
	jnc	trap_resume_commit
	movb	$1, trap_interrupts(%rip)
	.globl	trap_resume_commit
trap_resume_commit:
	cmpl	$0, trap_pending(%rip)
	je	1f
	cmpb	$0, trap_interrupts(%rip)
	jne	2f
1:	lea	trap_iret(%rip), %rsp
	mov	TRAP_FRAME_RAX(%rdi), %rax
	mov	TRAP_FRAME_RDX(%rdi), %rdx
	mov	TRAP_FRAME_RCX(%rdi), %rcx
	mov	TRAP_FRAME_RBX(%rdi), %rbx
	mov	TRAP_FRAME_RSI(%rdi), %rsi
	mov	TRAP_FRAME_RBP(%rdi), %rbp
	mov	TRAP_FRAME_R8(%rdi), %r8
	mov	TRAP_FRAME_R9(%rdi), %r9
	mov	TRAP_FRAME_R10(%rdi), %r10
	mov	TRAP_FRAME_R11(%rdi), %r11
	mov	TRAP_FRAME_R12(%rdi), %r12
	mov	TRAP_FRAME_R13(%rdi), %r13
	mov	TRAP_FRAME_R14(%rdi), %r14
	mov	TRAP_FRAME_R15(%rdi), %r15
	mov	TRAP_FRAME_RDI(%rdi), %rdi
	.globl	trap_resume_iret
trap_resume_iret:
	iretq
	.globl	trap_resume_end
trap_resume_end:
2:	mov	trap_resuming(%rip), %rdi
	call	trap_take_from
	jmp	trap_handle
3:	mov	TRAP_FRAME_RSP(%rdi), %rdi
	call	valgrind_resumes
	mov	trap_resuming(%rip), %rdi
	jmp	trap_resume_load
	.size	machine_resume, . - machine_resume

/* trap_enter(entry, argument, stack_top): the machine's stack begins below this frame. */
function trap_enter
	sub	$256, %rsp
	and	$-16, %rsp
	mov	%rsp, trap_host_rsp(%rip)
	mov	%rdi, %rax
	mov	%rsi, %rdi
	lea	-8(%rdx), %rsp
	movq	$0, (%rsp)
	xor	%ebp, %ebp
	cld
	jmp	*%rax
	.size	trap_enter, . - trap_enter

	.globl	trap_text_end
trap_text_end:

	.section .rodata
	.balign	4
trap_mxcsr:
	.long	0x1f80	/* psABI 3.2.1: all exceptions masked */

	.bss
	.macro	variable name, size
	.globl	\name
	.type	\name, @object
	.size	\name, \size
	.balign	16
\name:	.zero	\size
	.endm

	variable trap_host_rsp, 8
	variable trap_resuming, 8
	variable trap_pending, 4	/* bit n: vector 32 + n */
	variable trap_interrupts, 1	/* 1: on */
	variable trap_iret, 40		/* rip, cs, rflags, rsp, ss */
	variable trap_called, TRAP_FRAME_SIZE

	.section .note.GNU-stack, "", @progbits
