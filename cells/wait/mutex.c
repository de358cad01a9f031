/* SPDX-License-Identifier: MIT */
/*
 * Mutexes: hand-over, so that a task that waits is not overtaken.  Unlocking
 * makes the task that waited longest the holder before it runs; a task that
 * comes meanwhile queues up behind.  The price is a switch for each hand-over
 * under contention; what it buys is that no task starves.
 *
 * Stateless: a mutex is its client's memory.
 */
#include <clew/mutex.h>

#include <clew/cell.h>
#include <clew/task.h>

#include "wait.h"

/* Who holds a mutex that was locked before there were tasks. */
#define HOLDER_BOOT UINT64_MAX

static uint64_t mutex_caller(void)
{
	const struct task *self = task_current();

	return self != NULL ? task_id_of(self) : HOLDER_BOOT;
}

static int mutex_result(const struct mutex *mutex)
{
	return mutex->poisoned ? MUTEX_E_POISONED : 0;
}

/* Whether the caller is being unwound because it crashed: a kill or an exit leaves data whole. */
static bool mutex_caller_crashed(void)
{
	struct task *self = task_current();
	const struct task_unwind *unwind = self != NULL ? task_unwind_of(self) : NULL;

	return unwind != NULL && unwind->active && unwind->fault_id != 0;
}

CELL_EXPORT int mutex_lock_step(struct mutex *mutex, uint64_t deadline_ns)
{
	uint64_t caller = mutex_caller();
	int r;

	task_safe_point();
	OWN(irq_guard, guard) = irq_off();
	if (mutex->holder == caller)
		return -EDEADLK;
	if (mutex->holder != 0) {
		r = wait_on(&mutex->waiters, deadline_ns, &guard);
		return r != 0 ? r : mutex_result(mutex);
	}
	mutex->holder = caller;
	return mutex_result(mutex);
}

CELL_EXPORT void mutex_unlock(struct mutex *mutex)
{
	OWN(irq_guard, guard) = irq_off();
	const struct task *next = wait_wake_first(&mutex->waiters);

	if (mutex_caller_crashed())
		mutex->poisoned = 1;
	mutex->holder = next != NULL ? task_id_of(next) : 0;
}

CELL_EXPORT void mutex_clear_poison(struct mutex *mutex)
{
	mutex->poisoned = 0;
}
