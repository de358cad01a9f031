/* SPDX-License-Identifier: MIT */
/*
 * The registers of an interrupted program, and what interrupted it.
 *
 * The layout is shared with assembly (src/arch/x86_64/trap_frame.h holds the
 * offsets and checks them).  Vectors and error codes are the CPU's: Intel SDM
 * vol. 3, chapter 6.  The vector state is FXSAVE's 512 bytes: cells are
 * compiled for the x86-64 baseline, which has no wider registers.
 */
#ifndef CLEW_TRAP_H
#define CLEW_TRAP_H

#include <stdint.h>

enum trap_vector {
	TRAP_DE = 0, /* divide error */
	TRAP_DB = 1,
	TRAP_BP = 3, /* int3 */
	TRAP_OF = 4,
	TRAP_UD = 6, /* invalid opcode */
	TRAP_DF = 8,
	TRAP_SS = 12,
	TRAP_GP = 13, /* general protection: non-canonical address */
	TRAP_PF = 14, /* page fault */
	TRAP_MF = 16,
	TRAP_AC = 17,
	TRAP_XM = 19,
	TRAP_SYSCALL = 31,   /* a system call instruction inside the window */
	TRAP_INTERRUPT = 32, /* first vector of a device */
};

/* Bits of a page fault's error code. */
#define TRAP_PF_PRESENT (1u << 0)
#define TRAP_PF_WRITE (1u << 1)
#define TRAP_PF_FETCH (1u << 4)

#define TRAP_RFLAGS_DF (1ul << 10)
#define TRAP_RFLAGS_IF (1ul << 9)

struct trap_frame {
	uint8_t fx[512] __attribute__((aligned(16)));	 /* FXSAVE64 image */
	uint64_t rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp; /* 512: DWARF's order, 0 to 7 */
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;	 /* 576 */
	uint64_t rip, rflags;				 /* 640 */
	uint64_t vector;				 /* 656: enum trap_vector or a device's */
	uint64_t error;					 /* 664: as the CPU pushes it, else 0 */
	uint64_t address;				 /* 672: CR2 of a page fault, else 0 */
	uint64_t reserved;
};

#endif
