/* SPDX-License-Identifier: MIT */
/*
 * Unloading a whole cell, once nothing points into it.  Internal to the cell.
 */
#ifndef SWAP_UNLOAD_H
#define SWAP_UNLOAD_H

#include <clew/diag.h>
#include <clew/errors.h>

#include "link/record.h"

/*
 * Interrupts off.  -EBUSY: it is held, its current version says by what;
 * -EAGAIN: the linker is at work; -ENOMEM.
 */
MUST_USE int unload_try(struct link_cell *cell, struct diag *reterr);

/* Tries every dismissed cell; how many went. */
unsigned int unload_dismissed(void);

#endif
