/* SPDX-License-Identifier: MIT */
/*
 * Service that gives numbers; its state outlives a swap.
 */
#include "newcell.h"

#include <clew/cell.h>
#include <clew/irq.h>

#define VERSION 1

struct newcell_state {
	uint64_t last;
};

CELL_STATE(newcell, "the last number is what the service is for") = { 0 };

CELL_EXPORT uint32_t newcell_version(void)
{
	return VERSION;
}

CELL_EXPORT uint64_t newcell_next(void)
{
	OWN(irq_guard, guard) = irq_off(); /* no other task runs until it returns */

	return ++newcell_state.last;
}

CELL("newcell", VERSION, CELL_SERVICE, "gives numbers");
