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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger_report {
	uint32_t blocks;   /* heap blocks released */
	uint32_t mappings; /* released */
};

/* Frames of the calling task that nobody will run again; all is borrowed. */
struct ledger_dead {
	uintptr_t low, high;	   /* their part of the stack; the mapping itself is not touched */
	const uint64_t *registers; /* words that count like that part's */
	size_t n_registers;
	uintptr_t live_from;  /* frames from here on live; UINTPTR_MAX: none does */
	const uint64_t *kept; /* what those have in registers */
	size_t n_kept;
};

/* Interrupts off; does not allocate; time is bounded by the memory in use. */
void ledger_sweep(const struct ledger_dead *dead, struct ledger_report *ret);

/*
 * Looks once more at what a sweep kept because some word in live memory might
 * have referred to it: such words go with the tasks that left them.  From a
 * task; interrupts are off meanwhile.  false: there was nothing to look at.
 */
bool ledger_look_again(void);

#endif
