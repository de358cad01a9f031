/* SPDX-License-Identifier: MIT */
/*
 * Interface of the test cell `failure`: counts what is handed out, and says
 * which of it must fail.
 *
 * Asked by second versions of the cells that hand memory out (point_*.c), so
 * that the k-th request since failure_arm() gets what it would get if there
 * were none left.  Does not allocate; may be called with interrupts off.
 */
#ifndef TESTS_FAILURE_FAILURE_H
#define TESTS_FAILURE_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

enum failure_point {
	FAILURE_FRAMES,	 /* a run of frames */
	FAILURE_MAPPING, /* a change of permission */
	FAILURE_BLOCK,	 /* a block of the heap */
	FAILURE_POOL,	 /* pages of the arena, for a cell's text, constants or data */
	FAILURE_POINTS,
};

enum failure_extent {
	FAILURE_ONCE, /* the k-th only */
	FAILURE_ON,   /* the k-th and all after it */
};

/* Counts one more request; whether it must fail. */
bool failure_due(enum failure_point point);

/* From now on, the k-th (1: the next one); 0: none. */
void failure_arm(uint64_t k, enum failure_extent extent);

/* Requests since failure_arm(); none fails from now on. */
uint64_t failure_disarm(void);

/* Requests of the point since the cell was loaded. */
uint64_t failure_requests(enum failure_point point);

#endif
