/* SPDX-License-Identifier: MIT */
/*
 * Demonstration service with state: a count that outlives a swap.
 *
 * Does not allocate; the count is changed with interrupts off, so that a
 * number is given out once.
 */
#include <clew/counter.h>

#include <clew/cell.h>
#include <clew/irq.h>

#define VERSION 1

struct counter_state {
	uint64_t value;
	uint64_t calls;
};

CELL_STATE(counter, "the count is what the service is for") = { 0 };

CELL_EXPORT uint32_t counter_version(void)
{
	return VERSION;
}

CELL_EXPORT uint64_t counter_next(void)
{
	OWN(irq_guard, guard) = irq_off();

	counter_state.calls++;
	return ++counter_state.value;
}

CELL_EXPORT uint64_t counter_value(void)
{
	OWN(irq_guard, guard) = irq_off();

	return counter_state.value;
}

CELL("counter", VERSION, CELL_SERVICE, "counts; a service with state, to be swapped");
