/* SPDX-License-Identifier: MIT */
/*
 * Counts requests for memory and lets one of them fail; see failure.h.
 *
 * A test that wants a failure during boot writes `k` into the object, behind
 * the state's first bytes.  Part of nano_core too, when that is to fail.
 * Freestanding; interrupts off while it counts.
 */
#include "failure.h"

#include <clew/cell.h>
#include <clew/irq.h>

struct failure_state {
	char mark[16];	 /* finds the state in an object's bytes */
	uint64_t k;	 /* which request fails; 0: none */
	uint64_t extent; /* enum failure_extent */
	uint64_t count;	 /* of requests */
	uint64_t requests[FAILURE_POINTS];
};

CELL_STATE(failure, "which request fails is what the cell is for") = { .mark = "failing request" };

CELL_EXPORT bool failure_due(enum failure_point point)
{
	OWN(irq_guard, guard) = irq_off();
	struct failure_state *state = &failure_state;

	state->requests[point]++;
	state->count++;
	return state->k != 0 && (state->extent == FAILURE_ONCE ? state->count == state->k
							       : state->count >= state->k);
}

CELL_EXPORT void failure_arm(uint64_t k, enum failure_extent extent)
{
	OWN(irq_guard, guard) = irq_off();

	failure_state.count = 0;
	failure_state.extent = extent;
	failure_state.k = k;
}

CELL_EXPORT uint64_t failure_disarm(void)
{
	OWN(irq_guard, guard) = irq_off();

	failure_state.k = 0;
	return failure_state.count;
}

CELL_EXPORT uint64_t failure_requests(enum failure_point point)
{
	OWN(irq_guard, guard) = irq_off();

	return failure_state.requests[point];
}

CELL("failure", 1, CELL_SERVICE, "lets the k-th request for memory fail");
