/* SPDX-License-Identifier: MIT */
/*
 * error: stored in static storage
 * fixed: holder_state.guard = NULL;
 */
#include <clew/cell.h>
#include <clew/irq.h>

struct holder_state {
	const irq_guard *guard;
};

CELL_STATE(holder, "who holds it") = { NULL };

void hold(void);
void hold(void)
{
	OWN(irq_guard, guard) = irq_off();

	holder_state.guard = &guard; /* wrong */
}
