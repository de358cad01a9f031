/* SPDX-License-Identifier: MIT */
/*
 * How a task begins and ends: spawn, join, detach, kill, exit.
 *
 * A task that has ended is a record off every stack; its joiner frees it
 * before task_join returns, and of a detached task whoever runs next does.
 */
#include "record.h"

#include <clew/cell.h>
#include <clew/child.h>
#include <clew/clock.h>
#include <clew/irq.h>
#include <clew/log.h>
#include <clew/machine.h>
#include <clew/panic.h>
#include <clew/recovery.h>

#include "base/string.h"

OWN_IMPLEMENTS(task_remains, "the word is the record of an ended task");
OWN_IMPLEMENTS(task_handle, "the word is the number of the task");
OWN_IMPLEMENTS(kill_hold, "the word is the number of the task");
OWN_IMPLEMENTS(namespace_ref, "compares whose namespace it is");

#define STEP_STACK_BYTES 4096 /* more than the frames of a step that is parked */

/* ---- the list of every task -------------------------------------------------- */

static void task_link(struct task_state *all, struct task *task)
{
	task->prev = all->youngest;
	if (all->youngest != NULL)
		all->youngest->next = task;
	else
		all->oldest = task;
	all->youngest = task;
}

static void task_unlink(struct task_state *all, struct task *task)
{
	if (all->visited == task)
		all->visited = NULL;
	if (task->prev != NULL)
		task->prev->next = task->next;
	else
		all->oldest = task->next;
	if (task->next != NULL)
		task->next->prev = task->prev;
	else
		all->youngest = task->prev;
	task->next = NULL;
	task->prev = NULL;
}

struct task *task_after(struct task_state *all, uint64_t after)
{
	struct task *task = all->visited;

	if (task == NULL || task->id > after)
		task = all->oldest;
	while (task != NULL && task->id <= after)
		task = task->next;
	if (task != NULL)
		all->visited = task;
	return task;
}

struct task *task_find(struct task_state *all, uint64_t id)
{
	struct task *task = id != 0 ? task_after(all, id - 1) : NULL;

	return task != NULL && task->id == id ? task : NULL;
}

void task_reap(struct task_state *all)
{
	while (all->dead != NULL) {
		OWN(task_remains, remains) = OWNER_EMPTY;
		OWN(irq_guard, guard) = irq_off();

		if (all->dead == NULL)
			return;
		remains.word = (uintptr_t)all->dead;
		all->dead = all->dead->next;
	}
}

/* ---- begin --------------------------------------------------------------------- */

void task_begin(void *argument)
{
	struct task *self = argument;
	struct task_exit exit = { .end = TASK_RETURNED };

	machine_irq_restore(true);
	exit.value = self->entry(self->argument);
	task_end(exit);
}

static void task_fill(struct task *task, const struct task_options *options,
		      const struct task *parent)
{
	bool named = options != NULL && options->name != NULL;
	uint32_t priority = parent->link.priority;

	if (options != NULL && options->priority != 0)
		priority = options->priority - 1;
	(void)string_copy(task->name, sizeof(task->name), named ? options->name : parent->name);
	task->link.priority = priority;
	task->restarts = options != NULL ? options->restarts : 0;
	task->output = options != NULL && options->output != 0 ? options->output : parent->output;
	task->essential = options != NULL && options->essential;
	task->deadline_ns = CLOCK_NEVER;
}

/* Puts the argument at the top of the stack, and below it the first context. */
static void task_prepare(struct task *task, int (*entry)(void *), const void *argument, size_t size)
{
	uintptr_t place = (task->stack_high - size) & -16ul;

	memcpy((void *)place, argument, size);
	task->entry = entry;
	task->argument = (void *)place;
	task->context = context_new(place, task_begin, task);
}

CELL_EXPORT int task_spawn(int (*entry)(void *), const void *argument, size_t size,
			   const struct task_options *options, task_handle *ret)
{
	struct task_state *all = tasks();
	OWN(task_remains, remains) = OWNER_EMPTY;
	const namespace_ref *ns = options != NULL ? options->ns : NULL;
	struct task *task;
	int r;

	if (size > TASK_ARGUMENT_MAX)
		return -EINVAL;
	if (options != NULL && options->priority > SCHEDULER_PRIORITIES)
		return -EINVAL;
	assert(all->current != NULL && IS_EMPTY(*ret));
	task_safe_point();
	r = task_stack_new(options != NULL ? options->stack_pages : 0, &remains);
	if (r != 0)
		return r;
	task = task_remains_at(&remains);
	task_fill(task, options, all->current);
	task_prepare(task, entry, argument, size);
	task->ns = namespace_ref_ref(ns != NULL ? ns : &all->current->ns);

	OWN(irq_guard, guard) = irq_off();
	task->id = ++all->last_id;
	task_link(all, task);
	remains.word = 0;
	if (all->tracing)
		log_trace("\"event\":\"spawn\",\"task\":%llu", (unsigned long long)task->id);
	ret->word = task->id;
	task_make_ready(all, task);
	return 0;
}

/*
 * Swap searches the stack of a parked task for pointers into an old version.
 * Those that the last step left behind lie in gaps between the frames of the
 * next one, and would hold its version for as long as it is parked.
 */
static __attribute__((noinline)) void task_wipe_stack(void)
{
	char left[STEP_STACK_BYTES];

	memset(left, 0, sizeof(left));
	__asm__ volatile("" : : "r"(left) : "memory");
}

static void repeat_for_good(void *loop)
{
	(void)task_repeat(loop);
	panic("task: the first task's loop has ended");
}

CELL_EXPORT _Noreturn void task_become(struct task_loop *loop)
{
	context_abandon(tasks()->current->stack_high, repeat_for_good, loop);
}

CELL_EXPORT int task_repeat(void *argument)
{
	const struct task_loop *loop = argument;
	int r;

	do {
		task_safe_point();
		task_wipe_stack();
		r = loop->step(loop->argument);
	} while (r == TASK_AGAIN);
	return r;
}

/* ---- end ------------------------------------------------------------------------- */

/* Interrupts off: the task leaves the list, to be freed by somebody else. */
static void task_bury(struct task_state *all, struct task *task)
{
	task_unlink(all, task);
	task->next = all->dead;
	all->dead = task;
}

/*
 * On the empty stack of a task whose frames are gone.  A fault in here comes
 * back by task_end and goes on with what is left.
 */
static void task_finish(void *argument)
{
	struct task_state *all = tasks();
	struct task *self = argument;

	machine_irq_restore(true);
	{
		OWN(namespace_ref, ns) = MOVE(self->ns);
	}
	(void)machine_irq_save();
	self->state = TASK_ENDED;
	if (all->tracing)
		log_trace("\"event\":\"end\",\"task\":%llu,\"end\":%d,\"value\":%d",
			  (unsigned long long)self->id, (int)self->exit.end, self->exit.value);
	(void)wait_wake_all(&self->joiners);
	if (self->detached)
		task_bury(all, self);
	task_leave(all);
}

CELL_EXPORT _Noreturn void task_end(struct task_exit exit)
{
	static const char what[] = "task: the first task has ended\n";
	struct task *self = tasks()->current;

	(void)machine_irq_save();
	if (self == NULL || self->first) {
		machine_log(what, sizeof(what) - 1);
		machine_halt(MACHINE_DIED);
	}
	self->exit = exit;
	self->ending = true;
	self->unwind = (struct task_unwind){ .active = 0 };
	context_abandon(self->stack_high, task_finish, self);
}

CELL_EXPORT _Noreturn void task_exit(int value)
{
	struct task *self = tasks()->current;

	assert(self != NULL && !self->unwind.active && !self->ending);
	self->unwind.exit = (struct task_exit){ .end = TASK_EXITED, .value = value };
	recovery_unwind_caller();
}

/* ---- the owner of a handle --------------------------------------------------------- */

CELL_EXPORT int task_join_step(const task_handle *handle, uint64_t deadline_ns,
			       struct task_exit *ret)
{
	struct task_state *all = tasks();
	struct task *task;
	int r;

	task_safe_point();
	OWN(task_remains, remains) = OWNER_EMPTY;
	OWN(irq_guard, guard) = irq_off();
	task = task_find(all, handle->word);
	if (task == NULL)
		return -ENOENT;
	if (task == all->current)
		return -EDEADLK;
	if (task->state != TASK_ENDED) {
		r = wait_on(&task->joiners, deadline_ns, &guard);
		if (r != 0)
			return r;
		/* Another borrower of the handle may have been first. */
		task = task_find(all, handle->word);
		if (task == NULL)
			return -ENOENT;
	}
	*ret = task->exit;
	task_unlink(all, task);
	remains.word = (uintptr_t)task;
	return 0;
}

CELL_EXPORT void task_detach(task_handle handle)
{
	struct task_state *all = tasks();
	OWN(task_remains, remains) = OWNER_EMPTY;
	OWN(irq_guard, guard) = irq_off();
	struct task *task = task_find(all, handle.word);

	if (task == NULL)
		return;
	task->detached = true;
	if (task->state != TASK_ENDED)
		return;
	task_unlink(all, task);
	remains.word = (uintptr_t)task;
}

CELL_EXPORT void task_handle_cleanup(task_handle *place)
{
	if (place->word != 0)
		task_detach((task_handle){ place->word });
	place->word = 0;
}

CELL_EXPORT int task_kill(uint64_t id)
{
	struct task_state *all = tasks();
	int r = 0;

	{
		OWN(irq_guard, guard) = irq_off();
		struct task *task = task_find(all, id);

		if (task == NULL || task->state == TASK_ENDED || task->ending)
			r = -ENOENT;
		else if (task->first || task->essential)
			r = -EPERM;
		if (r == 0) {
			task->killed = true;
			if (!task->unwind.active && task->holds == 0)
				task_restart(task);
		}
	}
	task_safe_point();
	return r;
}

CELL_EXPORT unsigned int task_kill_namespace(const namespace_ref *ns)
{
	OWN(irq_guard, guard) = irq_off();
	struct task_state *all = tasks();
	unsigned int left = 0;

	for (struct task *task = all->oldest; task != NULL; task = task->next) {
		if (task->ns.word != ns->word || task == all->current || task->first ||
		    task->state == TASK_ENDED)
			continue;
		left++;
		task->killed = true;
		if (!task->unwind.active && !task->ending && task->holds == 0)
			task_restart(task);
	}
	return left;
}

CELL_EXPORT kill_hold task_hold_kill(void)
{
	OWN(irq_guard, guard) = irq_off();
	struct task *self = tasks()->current;

	if (self == NULL)
		return (kill_hold)OWNER_EMPTY;
	self->holds++;
	return (kill_hold){ self->id };
}

/* By whoever holds it, on its own stack: also when that is being unwound. */
CELL_EXPORT void kill_hold_cleanup(kill_hold *place)
{
	OWN(irq_guard, guard) = irq_off();

	if (place->word != 0)
		tasks()->current->holds--;
	place->word = 0;
}
