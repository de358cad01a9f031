/* SPDX-License-Identifier: MIT */
/*
 * Other unwinders as witnesses: libgcc's, libunwind's and libdw's reading of
 * the same tables, from registers that need not be the CPU's.
 *
 * Memory is read where it is: tables and stack must be in this process, at
 * the addresses that the registers and the tables say.  Host only.
 */
#ifndef TESTS_UNWIND_WITNESS_H
#define TESTS_UNWIND_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/unwind.h"

/* What a witness says of the function that a frame is in. */
struct witness_function {
	uint64_t start;
	uint64_t lsda; /* 0: none */
	bool known;    /* has tables */
};

/* A frame that a witness reached, in struct unwind_cursor's terms. */
struct witness_frame {
	uint64_t registers[UNWIND_REGISTERS];
	uint64_t cfa;			  /* of the frame stepped out of */
	struct witness_function function; /* libgcc's only */
};

/* Tables that a witness may use.  Entries are a search table only; the FDEs are read again. */
struct witness_tables {
	const uint8_t *eh_frame; /* ended by a zero word */
	const struct unwind_entry *entries;
	size_t n_entries;
	uint64_t low, high; /* memory of the tables and their code */
};

/* Registers that the psABI lets a callee keep, and the return address. */
#define WITNESS_COMPARED 7
extern const int witness_compared[WITNESS_COMPARED];

/* ---- libgcc_s, by _Unwind_Backtrace ---- */

/* Looks libgcc_s's functions up; exits when there is none. */
void witness_libgcc_open(void);
void witness_libgcc_add(const uint8_t *eh_frame);
void witness_libgcc_remove(const uint8_t *eh_frame);
/*
 * Callers of the frame whose registers are given, which is at an instruction
 * not yet executed; at most max.  Returns how many.
 */
int witness_libgcc_trace(const uint64_t *registers, struct witness_frame *frames, int max,
			 struct witness_function *ret);
/* The landing pad by __gcc_personality_v0; 0: it would go on. */
uint64_t witness_libgcc_pad(const struct witness_function *function, uint64_t ip, bool exact);

/* ---- libunwind, by a remote address space over this process's memory ---- */

void witness_libunwind_open(void);
/* The tables to search, borrowed until the next call; the stack is readable too. */
void witness_libunwind_use(const struct witness_tables *tables, size_t count,
			   const struct unwind_stack *stack);
/* The same tables, another stack. */
void witness_libunwind_stack(const struct unwind_stack *stack);
int witness_libunwind_trace(const uint64_t *registers, struct witness_frame *frames, int max,
			    struct witness_function *ret);

#endif
