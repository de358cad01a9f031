/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: one queue a priority, the highest that is not empty first,
 * within it in order of arrival.  Not the task cell, which knows what a task
 * is and when to ask; here are links only.
 *
 * Called with interrupts off; does not allocate, block or call anybody.
 */
#include <clew/scheduler.h>

#include <stddef.h>

#include <clew/cell.h>
#include <clew/clock.h>
#include <clew/panic.h>

#define SLICE_NS (5 * NS_PER_MS)

struct queue {
	struct scheduler_link *first, *last;
};

/* ready has bit p set exactly when queues[p] is not empty. */
struct round_robin_state {
	struct queue queues[SCHEDULER_PRIORITIES];
	uint32_t ready;
	uint32_t reserved;
};

CELL_STATE(round_robin,
	   "who waits for the CPU is what a scheduler is asked; the links are the tasks'");

_Static_assert(SCHEDULER_PRIORITIES <= 32, "a bit a priority");

CELL_EXPORT void scheduler_add(struct scheduler_link *link)
{
	struct round_robin_state *state = &round_robin_state;
	struct queue *queue = &state->queues[link->priority % SCHEDULER_PRIORITIES];

	assert(!link->queued);
	link->next = NULL;
	link->prev = queue->last;
	if (queue->last != NULL)
		queue->last->next = link;
	else
		queue->first = link;
	queue->last = link;
	link->queued = 1;
	state->ready |= 1u << (link->priority % SCHEDULER_PRIORITIES);
}

CELL_EXPORT void scheduler_remove(struct scheduler_link *link)
{
	struct round_robin_state *state = &round_robin_state;
	struct queue *queue = &state->queues[link->priority % SCHEDULER_PRIORITIES];

	if (!link->queued)
		return;
	if (link->prev != NULL)
		link->prev->next = link->next;
	else
		queue->first = link->next;
	if (link->next != NULL)
		link->next->prev = link->prev;
	else
		queue->last = link->prev;
	link->next = NULL;
	link->prev = NULL;
	link->queued = 0;
	if (queue->first == NULL)
		state->ready &= ~(1u << (link->priority % SCHEDULER_PRIORITIES));
}

CELL_EXPORT struct scheduler_link *scheduler_take(void)
{
	struct round_robin_state *state = &round_robin_state;
	struct scheduler_link *link, *next;
	struct queue *queue;
	uint32_t highest;

	if (state->ready == 0)
		return NULL;
	highest = 31 - (uint32_t)__builtin_clz(state->ready);
	queue = &state->queues[highest];
	link = queue->first;
	next = link->next;
	queue->first = next;
	if (next != NULL) {
		next->prev = NULL;
	} else {
		queue->last = NULL;
		state->ready &= ~(1u << highest);
	}
	link->next = NULL;
	link->queued = 0;
	return link;
}

CELL_EXPORT _Bool scheduler_has(uint32_t at_least_priority)
{
	return at_least_priority < 32 && round_robin_state.ready >> at_least_priority != 0;
}

CELL_EXPORT uint64_t scheduler_slice_ns(uint32_t priority)
{
	(void)priority;
	return SLICE_NS;
}

CELL("round_robin", 1, CELL_SERVICE, "scheduler: highest priority first, within one in turn");
