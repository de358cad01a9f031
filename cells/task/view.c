/* SPDX-License-Identifier: MIT */
/*
 * What others may know and set of a task by its id: for `ps`, recovery and
 * swap.  Answers are copies; a task that comes or goes between two calls is
 * seen or not.
 */
#include "record.h"

#include <clew/cell.h>
#include <clew/clock.h>
#include <clew/irq.h>

#include "arch/x86_64/trap_frame.h"
#include "base/string.h"

CELL_EXPORT uint64_t task_id_of(const struct task *task)
{
	return task->id;
}

CELL_EXPORT struct task_unwind *task_unwind_of(struct task *task)
{
	return task == NULL ? NULL : &task->unwind;
}

CELL_EXPORT const char *task_state_name(enum task_phase state)
{
	switch (state) {
	case TASK_READY:
		return "ready";
	case TASK_RUNNING:
		return "running";
	case TASK_PARKED:
		return "parked";
	case TASK_UNWINDING:
		return "unwinding";
	case TASK_ENDED:
		return "ended";
	}
	return "?";
}

CELL_EXPORT int task_set_priority(uint64_t id, uint32_t priority)
{
	struct task_state *all = tasks();
	OWN(irq_guard, guard) = irq_off();
	struct task *task;

	if (priority >= SCHEDULER_PRIORITIES)
		return -EINVAL;
	task = task_find(all, id);
	if (task == NULL || task->state == TASK_ENDED)
		return -ENOENT;
	if (task->state == TASK_READY) {
		scheduler_remove(&task->link);
		task->link.priority = priority;
		task_make_ready(all, task);
		return 0;
	}
	task->link.priority = priority;
	if (task == all->current)
		all->pressed = true; /* perhaps; the next safe point looks */
	return 0;
}

static uint64_t task_cpu_ns(const struct task_state *all, const struct task *task)
{
	if (task != all->current || all->idle)
		return task->cpu_ns;
	return task->cpu_ns + clock_now_ns() - all->since_ns;
}

CELL_EXPORT int task_next(uint64_t after, struct task_info *ret)
{
	struct task_state *all = tasks();
	OWN(irq_guard, guard) = irq_off();
	const struct task *task = task_after(all, after);

	if (task == NULL)
		return -ENOENT;
	*ret = (struct task_info){
		.id = task->id,
		.state = task->unwind.active ? TASK_UNWINDING : task->state,
		.priority = task->link.priority,
		.restarts = task->restarts,
		.cpu_ns = task_cpu_ns(all, task),
		.switches = task->switches,
	};
	memcpy(ret->name, task->name, sizeof(ret->name));
	return 0;
}

static uintptr_t task_saved_sp(const struct task_state *all, const struct task *task)
{
	if (task == all->current)
		return task_stack_bottom(task);
	return task->preempted ? task->saved_sp : (uintptr_t)task->context;
}

CELL_EXPORT int task_memory_next(uint64_t after, struct task_memory *ret)
{
	struct task_state *all = tasks();
	OWN(irq_guard, guard) = irq_off();
	struct task *task = task_after(all, after);

	if (task == NULL)
		return -ENOENT;
	*ret = (struct task_memory){
		.task = task,
		.id = task->id,
		.stack_low = task_stack_bottom(task),
		.stack_high = task->stack_high,
		.saved_sp = task->state == TASK_ENDED ? task->stack_high : task_saved_sp(all, task),
		.end = task->stack_high + (task->first ? 0 : sizeof(*task)),
		.running = task == all->current,
		.parked = task->state == TASK_PARKED,
	};
	return 0;
}
