/* SPDX-License-Identifier: MIT */
/*
 * Tasks: who runs, and the switch to the next.  How a task begins and ends
 * is life.c, what `ps` and swap ask is view.c, its memory is stack.c; which
 * of the ready tasks is next is the scheduler's.
 *
 * One CPU; the state changes with interrupts off.  While nobody is ready the
 * task that ran last lends its stack to the wait for an interrupt (`idle`).
 */
#include "record.h"

#include <clew/cell.h>
#include <clew/clock.h>
#include <clew/interrupt.h>
#include <clew/irq.h>
#include <clew/log.h>
#include <clew/machine.h>
#include <clew/panic.h>
#include <clew/recovery.h>

#include "arch/x86_64/trap_frame.h"
#include "base/string.h"

CELL_STATE(task, "who runs, and the heads of the lists that the tasks' own records make up");

struct task_state *tasks(void)
{
	return &task_state;
}

/* ---- the alarm ------------------------------------------------------------ */

/*
 * Setting the device costs more than a switch, so an alarm that is set too
 * early is left to fire: armed_ns <= what is due holds at all times.
 */
static void tasks_arm(struct task_state *all, uint64_t at_ns)
{
	if (at_ns >= all->armed_ns)
		return;
	all->armed_ns = at_ns;
	clock_set_alarm(at_ns);
}

static void tasks_arm_next(struct task_state *all)
{
	if (all->soonest != NULL)
		tasks_arm(all, all->soonest->deadline_ns);
	if (!all->idle && scheduler_has(all->current->link.priority))
		tasks_arm(all, all->slice_end_ns);
}

static void task_wake(struct task_state *all, struct task *task, int woken)
{
	sleepers_remove(all, task);
	task->woken = woken;
	task_make_ready(all, task);
}

/* In the timer's interrupt; task_preempt or the idle loop arms the next alarm. */
static void tasks_alarm(void)
{
	struct task_state *all = &task_state;
	uint64_t now_ns = clock_now_ns();

	all->armed_ns = CLOCK_NEVER;
	while (all->soonest != NULL && all->soonest->deadline_ns <= now_ns)
		task_wake(all, all->soonest, WAIT_E_TIMEOUT);
}

/* ---- the switch ------------------------------------------------------------ */

static void tasks_charge(struct task_state *all, uint64_t now_ns)
{
	all->current->cpu_ns += now_ns - all->since_ns;
	all->since_ns = now_ns;
}

/* From here on `next` is who runs; the caller continues its context. */
static void tasks_hand_over(struct task_state *all, struct task *next, uint64_t now_ns)
{
	if (all->tracing)
		log_trace("\"event\":\"switch\",\"from\":%llu,\"to\":%llu",
			  (unsigned long long)all->current->id, (unsigned long long)next->id);
	tasks_charge(all, now_ns);
	next->state = TASK_RUNNING;
	next->preempted = false;
	next->switches++;
	all->current = next;
	all->pressed = false;
	all->slice_end_ns = now_ns + scheduler_slice_ns(next->link.priority);
	tasks_arm_next(all);
}

static struct task *task_of_link(struct scheduler_link *link)
{
	return (struct task *)((char *)link - offsetof(struct task, link));
}

/* Waits until somebody is ready. */
static struct task *tasks_pick(struct task_state *all)
{
	struct scheduler_link *link = scheduler_take();

	if (link != NULL)
		return task_of_link(link);
	tasks_charge(all, clock_now_ns());
	all->idle = true;
	do {
		tasks_arm_next(all);
		machine_idle();
		link = scheduler_take();
	} while (link == NULL);
	all->idle = false;
	all->since_ns = clock_now_ns();
	return task_of_link(link);
}

/* Registers of an earlier preemption would hold the version of a cell that they point into. */
static void task_forget_trap(struct task *task)
{
	if (!task->framed)
		return;
	memset(&task->resume, 0, sizeof(task->resume));
	memset(&task->frame, 0, sizeof(task->frame));
	task->framed = false;
}

/* The current task is READY and queued, PARKED or ENDED; returns when it is RUNNING. */
static void task_switch(struct task_state *all)
{
	struct task *self = all->current;
	struct task *next = tasks_pick(all);

	tasks_hand_over(all, next, clock_now_ns());
	if (next == self)
		return;
	task_forget_trap(self);
	context_switch(&self->context, next->context);
}

_Noreturn void task_leave(struct task_state *all)
{
	task_switch(all);
	panic("an ended task runs");
}

void task_make_ready(struct task_state *all, struct task *task)
{
	task->state = TASK_READY;
	scheduler_add(&task->link);
	if (all->idle)
		return;
	if (task->link.priority > all->current->link.priority) {
		all->pressed = true;
		if (!interrupt_active())
			tasks_arm(all, 0);
	} else if (task->link.priority == all->current->link.priority) {
		tasks_arm(all, all->slice_end_ns);
	}
}

/* ---- giving way -------------------------------------------------------------- */

static void task_give_way(struct task_state *all)
{
	OWN(irq_guard, guard) = irq_off();
	struct task *self = all->current;

	if (!irq_were_on(&guard))
		return;
	all->pressed = false;
	if (!scheduler_has(self->link.priority))
		return;
	self->state = TASK_READY;
	scheduler_add(&self->link);
	task_switch(all);
}

static bool interrupts_are_on(void)
{
	bool on = machine_irq_save();

	machine_irq_restore(on);
	return on;
}

/* Not while it is unwound already: cleanups may come by safe points, too. */
static bool task_must_die(const struct task *task)
{
	return task->killed && task->holds == 0 && !task->unwind.active && !task->ending;
}

/* Apart from the look whether anything is to be done, which is what nearly all come for. */
static __attribute__((noinline)) void task_act(struct task_state *all)
{
	if (!interrupts_are_on())
		return;
	if (all->seeded)
		machine_safe_point();
	if (all->dead != NULL)
		task_reap(all);
	if (all->pressed)
		task_give_way(all);
	if (!task_must_die(all->current))
		return;
	all->current->unwind.exit = (struct task_exit){ .end = TASK_KILLED };
	recovery_unwind_caller();
}

CELL_EXPORT void task_safe_point(void)
{
	struct task_state *all = &task_state;

	if (all->current == NULL)
		return;
	if (all->seeded || all->pressed || all->dead != NULL || all->current->killed)
		task_act(all);
}

CELL_EXPORT void task_yield(void)
{
	task_safe_point();
	if (task_state.current != NULL)
		task_give_way(&task_state);
}

CELL_EXPORT int task_park(uint64_t deadline_ns)
{
	struct task_state *all = &task_state;
	struct task *self = all->current;

	if (deadline_ns == WAIT_NOT)
		return WAIT_E_TIMEOUT;
	assert(self != NULL && !interrupt_active());
	if (task_must_die(self))
		return WAIT_E_RESTART;
	if (deadline_ns != CLOCK_NEVER && deadline_ns <= clock_now_ns())
		return WAIT_E_TIMEOUT;
	self->state = TASK_PARKED;
	sleepers_add(all, self, deadline_ns);
	task_switch(all);
	return self->woken;
}

CELL_EXPORT bool task_unpark(struct task *task)
{
	if (task->state != TASK_PARKED)
		return false;
	task_wake(&task_state, task, 0);
	return true;
}

CELL_EXPORT void task_restart(struct task *task)
{
	if (task->state == TASK_PARKED)
		task_wake(&task_state, task, WAIT_E_RESTART);
}

CELL_EXPORT int task_sleep_step(uint64_t until_ns)
{
	int r;

	task_safe_point();
	{
		OWN(irq_guard, guard) = irq_off();

		r = task_park(until_ns);
	}
	if (r == WAIT_E_TIMEOUT)
		return 0;
	task_safe_point();
	return WAIT_E_RESTART;
}

/* ---- preemption ---------------------------------------------------------------- */

/* What the CPU was doing is the task's own: not recovery on its stack, not a critical section. */
static bool task_is_preemptible(const struct task *task, const struct trap_frame *frame)
{
	return task->state == TASK_RUNNING && (frame->rflags & TRAP_RFLAGS_IF) != 0 &&
	       frame->rsp >= task_stack_bottom(task) && frame->rsp <= task->stack_high;
}

/*
 * Makes the interrupted registers the task's context.  The first task's
 * record is apart from its stack, where swap looks for pointers and where alone
 * a stack pointer may be, so its frame and its context go to the stack below
 * what foreign code may be using.
 */
static void task_save_trap(struct task *task, const struct trap_frame *frame)
{
	uintptr_t below = (frame->rsp - TRAP_RED_ZONE) & -16ul;
	struct trap_frame *to = &task->frame;
	struct context *resume = &task->resume;

	if (task->first) {
		to = (struct trap_frame *)(below - sizeof(*to));
		resume = (struct context *)to - 1;
		below = (uintptr_t)resume;
	}
	memcpy(to, frame, sizeof(*to));
	task->saved_sp = below;
	task->preempted = true;
	task->framed = true;
	task->context = context_of_trap(resume, to, below);
}

static bool tasks_time_is_up(const struct task_state *all, uint64_t now_ns)
{
	uint32_t priority = all->current->link.priority;

	return scheduler_has(priority + 1) ||
	       (now_ns >= all->slice_end_ns && scheduler_has(priority));
}

CELL_EXPORT void task_preempt(const struct trap_frame *frame)
{
	struct task_state *all = &task_state;
	struct task *self = all->current;
	void *interrupted;
	uint64_t now_ns;

	if (self == NULL || all->idle)
		return;
	now_ns = clock_now_ns();
	if (!tasks_time_is_up(all, now_ns)) {
		tasks_arm_next(all);
		return;
	}
	if (!task_is_preemptible(self, frame)) {
		all->slice_end_ns = now_ns + scheduler_slice_ns(self->link.priority);
		tasks_arm_next(all);
		return;
	}
	self->state = TASK_READY;
	scheduler_add(&self->link);
	task_save_trap(self, frame);
	tasks_hand_over(all, task_of_link(scheduler_take()), now_ns);
	/* The interrupt's own stack is given up: the frame is saved. */
	context_switch(&interrupted, all->current->context);
}

/* ---- the caller ------------------------------------------------------------------ */

CELL_EXPORT struct task *task_current(void)
{
	return task_state.current;
}

CELL_EXPORT uint64_t task_id(void)
{
	const struct task *self = task_state.current;

	return self == NULL || interrupt_active() ? 0 : self->id;
}

CELL_EXPORT int task_output(void)
{
	const struct task *self = task_state.current;

	return self == NULL ? 0 : self->output;
}

CELL_EXPORT const namespace_ref *task_namespace(void)
{
	const struct task *self = task_state.current;

	return self == NULL ? namespace_root() : &self->ns;
}

CELL_EXPORT int task_init(const char *name, uintptr_t stack_low, uintptr_t stack_high)
{
	struct task_state *all = &task_state;
	OWN(heap_block, block) = OWNER_EMPTY;
	OWN(irq_guard, guard) = irq_off();
	struct task *task;
	int r;

	if (all->current != NULL)
		return -EBUSY;
	r = heap_block_new(sizeof(*task), &block);
	if (r != 0)
		return r;
	all->armed_ns = CLOCK_NEVER;
	r = clock_init(tasks_alarm);
	if (r != 0)
		return r;
	PUT(all->first, MOVE(block));
	task = heap_block_at(&all->first);
	(void)string_copy(task->name, sizeof(task->name), name);
	task->id = 1;
	task->first = true;
	task->stack_low = stack_low;
	task->stack_high = stack_high;
	task->state = TASK_RUNNING;
	task->deadline_ns = CLOCK_NEVER;
	task->link.priority = SCHEDULER_PRIORITY_NORMAL;
	PUT(task->ns, namespace_ref_ref(namespace_root()));
	task->switches = 1;
	all->last_id = task->id;
	all->oldest = task;
	all->youngest = task;
	all->tracing = (machine_info()->flags & MACHINE_TRACE) != 0;
	all->seeded = (machine_info()->flags & MACHINE_SEEDED) != 0;
	all->since_ns = clock_now_ns();
	all->slice_end_ns = all->since_ns + scheduler_slice_ns(task->link.priority);
	all->current = task;
	return 0;
}

CELL("task", 1, CELL_SERVICE, "tasks: spawn, join, kill, sleep, preemption");
