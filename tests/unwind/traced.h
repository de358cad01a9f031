/* SPDX-License-Identifier: MIT */
/*
 * A `clew run --debug` in a child that is stepped by ptrace, and a copy of what
 * an unwinder reads of it at the same addresses in this process: the unwind
 * tables of its loaded cells and the stack in use.
 *
 * Which cells there are is read where debuggers read it: the list behind
 * __jit_debug_descriptor.  Host only; one child at a time.
 */
#ifndef TESTS_UNWIND_TRACED_H
#define TESTS_UNWIND_TRACED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "witness.h"

#define TRACED_CELLS_MAX 64

struct traced_cell {
	uint64_t text, text_end;
	uint64_t image; /* in the child: tells cells from each other */
	uint8_t *eh_frame;
	size_t eh_frame_size;
	uint32_t behind; /* what followed it, where a zero word is put for libgcc */
};

struct traced {
	int pid;
	bool ended;
	int status;	     /* when ended */
	int signal;	     /* what it stopped for and gets when it goes on; 0: none */
	bool at_system_call; /* it stopped there */
	uint64_t descriptor; /* __jit_debug_descriptor */
	struct traced_cell cells[TRACED_CELLS_MAX];
	struct witness_tables tables[TRACED_CELLS_MAX];
	size_t n_cells;
	uint64_t registers[UNWIND_REGISTERS];
	struct unwind_stack stack;
};

/* Starts it, at its first instruction.  False: ptrace is not allowed here. */
bool traced_start(struct traced *traced, const char *clew, const char *cells, const char *script);

/* To the next instruction.  Registers are read. */
void traced_step(struct traced *traced);
void traced_go_on(struct traced *traced); /* to a system call, signal or breakpoint */
/*
 * Stops at any of these addresses from now on, wherever it goes; 0: none.
 * False: there are no hardware breakpoints here.
 */
#define TRACED_BREAKPOINTS 4
bool traced_break(struct traced *traced, const uint64_t addresses[TRACED_BREAKPOINTS]);
void traced_finish(struct traced *traced); /* to its end, untraced */

/* Looks for loaded and unloaded cells; the witnesses know them afterwards. */
void traced_read_cells(struct traced *traced);

/* Whether an address is one of the system's: of a cell, a stack, the heap. */
bool traced_is_window(uint64_t address);

/* The cell whose text the address is in; NULL: none. */
const struct witness_tables *traced_find(const struct traced *traced, uint64_t address);

/* Copies the stack from some way below rsp on.  False: rsp is not in the window. */
bool traced_read_stack(struct traced *traced);

/* What the word that rsp points to leads back to; 0: it cannot be read. */
uint64_t traced_return_address(const struct traced *traced);

#endif
