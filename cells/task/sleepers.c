/* SPDX-License-Identifier: MIT */
/*
 * Tasks that are parked with a deadline, soonest first; of equal deadlines
 * the one that came first.  Links in the tasks' records; interrupts off.
 */
#include "record.h"

void sleepers_add(struct task_state *all, struct task *task, uint64_t deadline_ns)
{
	struct task *sooner = all->latest;

	task->deadline_ns = deadline_ns;
	if (deadline_ns == CLOCK_NEVER)
		return;
	while (sooner != NULL && sooner->deadline_ns > deadline_ns)
		sooner = sooner->sooner;
	task->sooner = sooner;
	task->later = sooner != NULL ? sooner->later : all->soonest;
	if (task->sooner != NULL)
		task->sooner->later = task;
	else
		all->soonest = task;
	if (task->later != NULL)
		task->later->sooner = task;
	else
		all->latest = task;
}

void sleepers_remove(struct task_state *all, struct task *task)
{
	if (task->deadline_ns == CLOCK_NEVER)
		return;
	if (task->sooner != NULL)
		task->sooner->later = task->later;
	else
		all->soonest = task->later;
	if (task->later != NULL)
		task->later->sooner = task->sooner;
	else
		all->latest = task->sooner;
	task->sooner = NULL;
	task->later = NULL;
	task->deadline_ns = CLOCK_NEVER;
}
