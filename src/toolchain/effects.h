/* SPDX-License-Identifier: MIT */
/* What of a cell may change its state. */
#ifndef TOOLCHAIN_EFFECTS_H
#define TOOLCHAIN_EFFECTS_H

#include <stdio.h>

#include "object.h"

/*
 * Writes a line for each provided function, then one for each function that
 * takes the state's address (state NULL: for none), fields separated by tabs:
 *
 *	export	NAME	changes, reads or nothing
 *	address	NAME
 *
 * `changes` is what may be: a store into the state, or its address, in the
 * function or in what it calls, jumps to or names inside the cell.  A change
 * through a pointer that another cell was given is that pointer's, and is not seen.
 */
void effects_report(const struct object *object, const struct symbol *state, FILE *to);

#endif
