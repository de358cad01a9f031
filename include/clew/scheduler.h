/* SPDX-License-Identifier: MIT */
/*
 * Interface of the scheduler: which of the ready tasks runs next.
 *
 * It knows links, not tasks: a client embeds a struct scheduler_link.  What is
 * queued is queued on this CPU (machine.h), and this CPU takes it.  All
 * functions are called with interrupts off.  Provided by the cell
 * `round_robin`: within a priority in order of arrival, a higher priority
 * always first.
 */
#ifndef CLEW_SCHEDULER_H
#define CLEW_SCHEDULER_H

#include <stdint.h>

#define SCHEDULER_PRIORITIES 8 /* 0 is the lowest */
#define SCHEDULER_PRIORITY_NORMAL 4

struct scheduler_link {
	struct scheduler_link *next; /* the scheduler's while queued */
	struct scheduler_link *prev;
	uint32_t priority; /* below SCHEDULER_PRIORITIES; the client's to set while not queued */
	uint32_t queued;   /* the scheduler's */
};

void scheduler_add(struct scheduler_link *link);    /* at the end of its priority */
void scheduler_remove(struct scheduler_link *link); /* accepts one that is not queued */
struct scheduler_link *scheduler_take(void);	    /* removes this CPU's next, or NULL */

/* Whether a queued link should run instead of one of this priority that used up its slice. */
_Bool scheduler_has(uint32_t at_least_priority);

/* How long a task may run before it is asked again, for this priority. */
uint64_t scheduler_slice_ns(uint32_t priority);

#endif
