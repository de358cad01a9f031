/* SPDX-License-Identifier: MIT */
/*
 * The functions of machine.h, as the system calls them.
 *
 * A gate turns interrupts off and leaves the caller's stack, which may be
 * nearly full, for the machine's; all it takes of the caller's is the word for
 * the flags.  That word is pushed by the first instruction: where there is no
 * room for it, the caller's stack and registers are still as at the call.
 *
 * The same holds for whoever interrupts a gate: trap.c moves an interrupt at
 * the `cli` back to the beginning and one at the `ret` on to the caller, so
 * that in every trap frame with rip in here rsp is where the return address
 * lies, and a routine without unwind tables can be left as a leaf.
 */
#include "machine/pc/gate.h"
#include "machine/pc/layout.h"
#include "machine/pc/resident.h"

#include "arch/x86_64/trap_frame.h"

#define RFLAGS_IF_BIT 9
/* What a program may set: CF PF AF ZF SF IF DF OF AC ID; bit 1 is always set. */
#define RFLAGS_FREE 0x240ed5
#define RFLAGS_SET 0x2

RESIDENT_FILE("the functions that all cells are linked with, the linker among them")
RESIDENT(machine_info, "told before there are cells")
RESIDENT(machine_map, "only the machine writes page tables; no memory for a cell without it")
RESIDENT(machine_unmap, "as machine_map")
RESIDENT(machine_prot_at, "reads what machine_map wrote, for recovery too, which trusts no cell")
RESIDENT(machine_patch, "the one way into read-only pages: how cells get there")
RESIDENT(machine_patch_fill, "as machine_patch")
RESIDENT(machine_irq_save, "hosted, interrupts are signals: critical sections look the same")
RESIDENT(machine_irq_restore, "as machine_irq_save")
RESIDENT(machine_idle, "waits and turns interrupts on in one step, which hosted is no instruction")
RESIDENT(machine_set_trap_handler, "how cells get the traps that the machine takes")
RESIDENT(machine_resume, "loads all registers at once, the interrupt flag included")
RESIDENT(machine_clock_ns, "one clock, read by all cells and set by none")
RESIDENT(machine_safe_point, "under a seed, time is counted here")
RESIDENT(machine_entropy, "under a seed, of the seed")
RESIDENT(machine_in8, "hosted, devices are emulated: a driver is the same on both machines")
RESIDENT(machine_in16, "as machine_in8")
RESIDENT(machine_in32, "as machine_in8")
RESIDENT(machine_out8, "as machine_in8")
RESIDENT(machine_out16, "as machine_in8")
RESIDENT(machine_out32, "as machine_in8")
RESIDENT(machine_lapic_read, "as machine_in8; the registers lie outside the window")
RESIDENT(machine_lapic_write, "as machine_lapic_read")
RESIDENT(machine_log, "words while there is no console, and of a system that dies")
RESIDENT(machine_trace, "leaves the machine without touching what is traced")
RESIDENT(machine_image_linked, "where a debugger outside sets a breakpoint")
RESIDENT(machine_image_freed, "as machine_image_linked")
RESIDENT(machine_halt, "the end has to be there whatever is broken")

	.text

	.macro	function name
	.globl	\name
	.hidden	\name
	.type	\name, @function
\name:
	.endm

	.macro	end name
	.size	\name, . - \name
	.endm

	.macro	gate name, implementation
	function machine_\name
	pushfq
	cli
	lea	\implementation(%rip), %rax
	jmp	gate_call
	end	machine_\name
	.endm

	/* Calls \function on the machine's stack; flags are the C compiler's. */
	.macro	call_on_stack function:vararg
	mov	%rsp, trap_guest_rsp(%rip)
	lea	trap_stack_end(%rip), %rsp
	cld
	call	\function
	mov	trap_guest_rsp(%rip), %rsp
	.endm

	.globl	trap_gates
	.hidden	trap_gates
trap_gates:

/* The function at rax; on the stack the caller's flags, below its return address. */
gate_call:
	call_on_stack *%rax
	popfq
	ret

	gate	map, memory_map
	gate	unmap, memory_unmap
	gate	prot_at, memory_prot_at
	gate	patch, memory_patch
	gate	patch_fill, memory_fill
	gate	set_trap_handler, trap_set_handler
	gate	clock_ns, timer_clock_ns
	gate	entropy, timer_entropy
	gate	lapic_read, timer_lapic_read
	gate	lapic_write, timer_lapic_write
	gate	log, end_log
	gate	trace, end_trace
	gate	halt, end_halt

function machine_info
	lea	pc(%rip), %rax
	ret
	end	machine_info

/*
 * Each longer than a byte: of a stop one byte behind a breakpoint, gdb believes
 * that it is the breakpoint's own.
 */
function machine_image_linked
	nop
	ret
	end	machine_image_linked

function machine_image_freed
	nop
	ret
	end	machine_image_freed

function machine_irq_save
	pushfq
	cli
	pop	%rax
	shr	$RFLAGS_IF_BIT, %eax
	and	$1, %eax
	ret
	end	machine_irq_save

function machine_irq_restore
	test	%dil, %dil
	jz	1f
	sti
	nop			/* what is pending is taken after the instruction behind sti */
1:	ret
	end	machine_irq_restore

function machine_safe_point
	testl	$GATE_SEEDED, pc+GATE_INFO_FLAGS(%rip)
	jz	1b
	pushfq
	cli
	call_on_stack timer_step
	test	%eax, %eax
	jnz	gate_raise
	popfq
	ret
	end	machine_safe_point

/*
 * Interrupt eax, as if it had come right after the caller's call: entry.S
 * finds on its stack what the CPU would have left there.
 */
gate_raise:
	mov	%rsp, %rcx
	lea	trap_ist_stacks+PC_IST_STACK_SIZE(%rip), %rsp
	lea	16(%rcx), %rdx
	push	$PC_DATA
	push	%rdx
	push	(%rcx)
	push	$PC_CODE
	push	8(%rcx)
	push	%rax
	jmp	trap_common

/*
 * An interrupt taken in here is, for trap.c, one that came right after the
 * caller's call, with interrupts off: so it ends the wait.
 */
	.globl	trap_idle, trap_idle_end
	.hidden	trap_idle, trap_idle_end
function machine_idle
trap_idle:
	sti
	nop			/* what is pending is taken here */
	cli
	testl	$GATE_SEEDED, pc+GATE_INFO_FLAGS(%rip)
	jz	1f
	pushfq
	call_on_stack timer_skip
	test	%eax, %eax
	jnz	gate_raise
	popfq
1:	sti
	hlt			/* no interrupt comes between the two */
	cli
	jmp	1b		/* woken by what was none */
trap_idle_end:
	end	machine_idle

/*
 * iretq takes rip, rflags and rsp from the machine's memory, so nothing is
 * written below the stack pointer that is resumed and all are loaded at once.
 * A fault of that iretq is the resumed frame's, see trap.c.
 */
function machine_resume
	cli
	lea	trap_iret_end(%rip), %rsp
	fxrstor64 (%rdi)
	push	$PC_DATA
	push	TRAP_FRAME_RSP(%rdi)
	mov	TRAP_FRAME_RFLAGS(%rdi), %eax
	and	$RFLAGS_FREE, %eax
	or	$RFLAGS_SET, %eax
	push	%rax
	push	$PC_CODE
	push	TRAP_FRAME_RIP(%rdi)
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
	.hidden	trap_resume_iret
trap_resume_iret:
	iretq
	end	machine_resume

	.macro	in_port name, register
	function machine_\name
	mov	%edi, %edx
	xor	%eax, %eax
	in	%dx, \register
	ret
	end	machine_\name
	.endm

	.macro	out_port name, register
	function machine_\name
	mov	%edi, %edx
	mov	%esi, %eax
	out	\register, %dx
	ret
	end	machine_\name
	.endm

	in_port	in8, %al
	in_port	in16, %ax
	in_port	in32, %eax
	out_port out8, %al
	out_port out16, %ax
	out_port out32, %eax

	.globl	trap_gates_end
	.hidden	trap_gates_end
trap_gates_end:

	.section .note.GNU-stack, "", @progbits
