/* SPDX-License-Identifier: MIT */
/*
 * The memory of a task: its stack with guard and reserve, its record on top.
 * Not what runs on it.  Allocates through memory.h; interrupts on.
 */
#include "record.h"

#include <clew/cell.h>
#include <clew/irq.h>
#include <clew/machine.h>

#define GUARD_PAGES 1
#define RECORD_PAGES ((sizeof(struct task) + PAGE_SIZE - 1) / PAGE_SIZE)
#define BELOW_PAGES (GUARD_PAGES + TASK_RESERVE_PAGES)
#define STACK_PAGES_MAX 65536u

int task_stack_new(uint32_t pages, task_remains *ret)
{
	OWN(map_none, guard) = OWNER_EMPTY;
	OWN(map_rw, stack) = OWNER_EMPTY;
	struct task *task;
	uintptr_t low;
	int r;

	if (pages == 0)
		pages = TASK_STACK_PAGES;
	if (pages > STACK_PAGES_MAX)
		return -ENOMEM;
	r = map_rw_new(BELOW_PAGES + pages + RECORD_PAGES, FRAME_STACK, &stack);
	if (r != 0)
		return r;
	r = map_rw_guard(&stack, BELOW_PAGES, &guard);
	if (r != 0)
		return r;
	low = (uintptr_t)map_rw_at(&stack);
	task = (struct task *)((low + map_rw_size(&stack) - sizeof(struct task)) & -64ul);
	task->stack_low = low;
	task->stack_high = (uintptr_t)task;
	PUT(task->guard, MOVE(guard));
	PUT(task->stack, MOVE(stack));
	PUT(*ret, ((task_remains){ (uintptr_t)task }));
	return 0;
}

static uintptr_t task_reserve_start(const struct task *task)
{
	return task->stack_low - TASK_RESERVE_PAGES * PAGE_SIZE;
}

uintptr_t task_stack_bottom(const struct task *task)
{
	return task->reserve_open ? task_reserve_start(task) : task->stack_low;
}

CELL_EXPORT bool task_open_reserve(struct task *task)
{
	OWN(irq_guard, guard) = irq_off();

	if (task == NULL || task->first || task->reserve_open)
		return false;
	if (machine_map(task_reserve_start(task), TASK_RESERVE_PAGES, MACHINE_RW) != 0)
		return false;
	task->reserve_open = true;
	return true;
}

void task_remains_cleanup(task_remains *place)
{
	struct task *task = task_remains_at(place);

	place->word = 0;
	if (task == NULL)
		return;
	/*
	 * The record goes with the stack, so the owners leave it first.  The
	 * guard's owner unmaps the reserve, too, whether it was opened or not.
	 */
	OWN(namespace_ref, ns) = MOVE(task->ns);
	OWN(map_none, guard) = MOVE(task->guard);
	OWN(map_rw, stack) = MOVE(task->stack);
}
