/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `captain`, which takes the system over from nano_core.
 */
#ifndef CLEW_CAPTAIN_H
#define CLEW_CAPTAIN_H

#include <stdint.h>

#include <clew/errors.h>

/* Called once, by nano_core, on the machine's boot stack with interrupts off. */
_Noreturn void captain_start(void);

/* What became of nano_core. */
struct captain_nano_core {
	uint64_t pages;
	uint64_t pointers; /* words that seemed to point into it, when last scanned */
	_Bool released;	   /* its frames are free */
};
void captain_nano_core(struct captain_nano_core *ret);

#endif
