/* SPDX-License-Identifier: MIT */
/*
 * A trap in words: Intel SDM volume 3, table 6-1, names the vectors.
 */
#include "machine/trap_report.h"

static const char *trap_name(uint64_t vector)
{
	switch (vector) {
	case TRAP_DE:
		return "divide error";
	case TRAP_DB:
		return "debug exception";
	case TRAP_BP:
		return "breakpoint";
	case TRAP_UD:
		return "invalid opcode";
	case TRAP_DF:
		return "double fault";
	case TRAP_GP:
		return "general protection";
	case TRAP_PF:
		return "page fault";
	case TRAP_MF:
		return "x87 exception";
	case TRAP_AC:
		return "alignment check";
	case TRAP_XM:
		return "SIMD exception";
	case TRAP_SYSCALL:
		return "system call";
	default:
		return vector < TRAP_INTERRUPT ? "exception" : "interrupt";
	}
}

void trap_report(trap_say *say, const struct trap_frame *frame, const char *why)
{
	say("%s: %s (vector %lu, error 0x%lx, address 0x%lx)", why, trap_name(frame->vector),
	    frame->vector, frame->error, frame->address);
	say("rip 0x%lx rsp 0x%lx rbp 0x%lx rflags 0x%lx", frame->rip, frame->rsp, frame->rbp,
	    frame->rflags);
	say("rax 0x%lx rbx 0x%lx rcx 0x%lx rdx 0x%lx rsi 0x%lx rdi 0x%lx", frame->rax, frame->rbx,
	    frame->rcx, frame->rdx, frame->rsi, frame->rdi);
	say("r8 0x%lx r9 0x%lx r10 0x%lx r11 0x%lx r12 0x%lx r13 0x%lx r14 0x%lx r15 0x%lx",
	    frame->r8, frame->r9, frame->r10, frame->r11, frame->r12, frame->r13, frame->r14,
	    frame->r15);
}
