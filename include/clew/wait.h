/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: where tasks park until something holds.
 *
 * A queue lives in its client's memory, is empty when zero, and is changed with interrupts
 * off.  Waiting is restartable: a task parked in wait_on() may be woken
 * because a cell on its stack is to be replaced; then it returns
 * WAIT_E_RESTART, and every function between it and the client's code
 * forwards that value to the loop RESTARTABLE() in the interface's header,
 * which calls again through its slot and so lands in the new version.
 *
 * A killed task does not return from wait_on(): it is unwound from there.
 * Provided by the cell `wait`.
 */
#ifndef CLEW_WAIT_H
#define CLEW_WAIT_H

#include <stdint.h>

#include <clew/clock.h>
#include <clew/errors.h>
#include <clew/irq.h>

#define WAIT_FOREVER CLOCK_NEVER
#define WAIT_NOT 0ull /* deadline of a try */

enum {
	WAIT_E_TIMEOUT = 1,
	WAIT_E_RESTART = 2, /* never leaves an interface's header */
};

struct wait_node;

struct wait_queue {
	struct wait_node *first; /* nodes live on the stacks of the parked tasks */
	struct wait_node *last;
};

/*
 * Parks the caller, who holds *guard, until it is woken; interrupts are on
 * while it is parked and off again on return.  0: woken by wait_wake;
 * WAIT_E_TIMEOUT: deadline_ns (absolute) passed; WAIT_E_RESTART.
 */
MUST_USE int wait_on(struct wait_queue *queue, uint64_t deadline_ns, const irq_guard *guard);

/* Interrupts off.  Wakes the task that has waited longest; returns how many (0 or 1). */
unsigned int wait_wake_one(struct wait_queue *queue);
unsigned int wait_wake_all(struct wait_queue *queue);

/* Evaluates an int expression until it is something other than WAIT_E_RESTART. */
#define RESTARTABLE(expression) \
	({ \
		int restartable_; \
		do \
			restartable_ = (expression); \
		while (restartable_ == WAIT_E_RESTART); \
		restartable_; \
	})

#endif
