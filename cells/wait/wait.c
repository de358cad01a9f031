/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: parks tasks in order, wakes them in order.  Parking itself is
 * the task cell's; the mutex that stands on this is in mutex.c.
 *
 * Stateless: a queue is its client's, a node lies on the stack of the task
 * that waits.  A task that a deadline, a restart or a kill has woken stays in
 * the queue until it runs and takes its node out; a wake-up is never spent on
 * such a task, because task_unpark() says whether it was still parked.
 */
#include "wait.h"

#include <stddef.h>

#include <clew/cell.h>
#include <clew/own.h>
#include <clew/panic.h>
#include <clew/task.h>

/* Interrupts off. queue is NULL exactly when the node is in none. */
struct wait_node {
	struct wait_node *next, *prev;
	struct wait_queue *queue;
	struct task *task;
};

OWNER(wait_place); /* word: the address of a node that leaves its queue */
OWN_IMPLEMENTS(wait_place, "the word is the node that leaves");

static wait_place wait_enter(struct wait_queue *queue, struct wait_node *node)
{
	node->queue = queue;
	node->task = task_current();
	node->prev = queue->last;
	if (queue->last != NULL)
		queue->last->next = node;
	else
		queue->first = node;
	queue->last = node;
	return (wait_place){ (uintptr_t)node };
}

static void wait_leave(struct wait_node *node)
{
	struct wait_queue *queue = node->queue;

	if (queue == NULL)
		return;
	if (node->prev != NULL)
		node->prev->next = node->next;
	else
		queue->first = node->next;
	if (node->next != NULL)
		node->next->prev = node->prev;
	else
		queue->last = node->prev;
	node->queue = NULL;
}

static void wait_place_cleanup(wait_place *place)
{
	OWN(irq_guard, guard) = irq_off();

	wait_leave((struct wait_node *)(uintptr_t)place->word);
}

CELL_EXPORT int wait_on(struct wait_queue *queue, uint64_t deadline_ns, const irq_guard *guard)
{
	struct wait_node node = { .queue = NULL };
	int r;

	if (deadline_ns == WAIT_NOT)
		return WAIT_E_TIMEOUT;
	assert(!IS_EMPTY(*guard));
	{
		OWN(wait_place, place) = wait_enter(queue, &node);

		r = task_park(deadline_ns);
	}
	/*
	 * Out of the queue, so it is safe to be killed here; but not when
	 * woken: what the wake-up stands for is the caller's now.
	 */
	machine_irq_restore(true);
	if (r == 0)
		machine_safe_point();
	else
		task_safe_point();
	(void)machine_irq_save();
	return r;
}

struct task *wait_wake_first(struct wait_queue *queue)
{
	struct wait_node *node;

	for (node = queue->first; node != NULL; node = node->next) {
		if (!task_unpark(node->task))
			continue;
		wait_leave(node);
		return node->task;
	}
	return NULL;
}

CELL_EXPORT unsigned int wait_wake_one(struct wait_queue *queue)
{
	return wait_wake_first(queue) != NULL ? 1 : 0;
}

/* Afterwards no node refers to the queue, so its memory may go. */
CELL_EXPORT unsigned int wait_wake_all(struct wait_queue *queue)
{
	unsigned int n = 0;
	struct wait_node *node;

	while ((node = queue->first) != NULL) {
		wait_leave(node);
		if (task_unpark(node->task))
			n++;
	}
	return n;
}

CELL("wait", 1, CELL_SERVICE, "wait queues and mutexes");
