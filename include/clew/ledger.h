/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `ledger`: the backstop for unwinds that could not
 * finish.
 *
 * When frames are lost, so are the cleanups in them.  What they owned is then
 * found the other way round: a heap block or a mapping that the dead stack (or
 * a register) names and that no live memory refers to belonged to it.
 */
#ifndef CLEW_LEDGER_H
#define CLEW_LEDGER_H

#include <stddef.h>
#include <stdint.h>

struct ledger_report {
	uint32_t blocks;   /* heap blocks released */
	uint32_t mappings; /* released */
};

/*
 * registers: words that count like the stack's.  [low, high) is a stack that
 * nobody will run on again; its mapping itself is not touched.  Interrupts
 * off; does not allocate; time is bounded by the memory in use.
 */
void ledger_sweep(const uint64_t *registers, size_t n_registers, uintptr_t low, uintptr_t high,
		  struct ledger_report *ret);

#endif
