/* SPDX-License-Identifier: MIT */
/*
 * Interface of the task cell: functions that run concurrently.
 *
 * A task calls one function once, with one argument that it then owns.  It
 * owns its stack (with a guard page below it and a reserve that opens for the
 * cleanups after an overflow), its namespace and its exit value.
 *
 * Kill takes effect at safe points: every blocking call, task_yield,
 * task_safe_point.  A killed task is unwound, so its cleanups run.
 */
#ifndef CLEW_TASK_H
#define CLEW_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/namespace.h>
#include <clew/own.h>
#include <clew/scheduler.h>
#include <clew/trap.h>
#include <clew/wait.h>

#define TASK_NAME_MAX 32      /* bytes, with the terminating zero */
#define TASK_ARGUMENT_MAX 512 /* bytes */
#define TASK_STACK_PAGES 16   /* default */
#define TASK_RESERVE_PAGES 4  /* opened after an overflow */

enum task_phase {
	TASK_READY,
	TASK_RUNNING,
	TASK_PARKED,	/* in a wait queue, or asleep */
	TASK_UNWINDING, /* being unwound: killed or crashed */
	TASK_ENDED,	/* exit value not yet taken */
};

enum task_end {
	TASK_RETURNED, /* value: what the function returned */
	TASK_EXITED,   /* value: task_exit's */
	TASK_KILLED,
	TASK_CRASHED, /* value: id of the fault record, see recovery.h */
};

struct task_exit {
	enum task_end end;
	int value;
};

/* The right to join, exactly one owner.  Dropping it detaches the task. */
OWNER(task_handle); /* word: task id */
OWN_IMPLEMENTS_ANY("an argument is moved to the stack of its task");

static inline uint64_t task_handle_id(const task_handle *task)
{
	return task->word;
}

struct task_options {
	const char *name;	 /* NULL: the parent's name */
	uint32_t priority;	 /* 0: the parent's; else priority + 1 */
	uint32_t stack_pages;	 /* 0: TASK_STACK_PAGES */
	const namespace_ref *ns; /* NULL: the parent's; a reference is taken */
	uint32_t restarts;	 /* shown by ps: which attempt this is */
	int output;		 /* stream for print(), console.h; 0: the parent's */
	bool essential;		 /* task_kill refuses: the system cannot do without it */
};

/*
 * TASK_ENTRY(fn, T) at file scope, for `int fn(T)` with T an owner type, and
 * TASK_ENTRY_PLAIN(fn, T) for a T that owns nothing, make fn spawnable.
 * TASK_SPAWN(fn, &arg, options, ret) checks arg's type and moves it on
 * success; on failure (-ENOMEM) it is still the caller's.  A task that is
 * killed before it ran releases its argument.
 */
#define TASK_ENTRY(fn, T) \
	_Static_assert(sizeof(T) <= TASK_ARGUMENT_MAX, "argument too large"); \
	typedef T fn##_argument; \
	static int fn##_entry(void *place) \
	{ \
		OWN(T, argument) = *(T *)place; \
		task_safe_point(); \
		return fn(MOVE(argument)); \
	} \
	static inline void fn##_moved(T *place) \
	{ \
		place->word = 0; \
	} \
	struct fn##_spawnable

#define TASK_ENTRY_PLAIN(fn, T) \
	_Static_assert(sizeof(T) <= TASK_ARGUMENT_MAX, "argument too large"); \
	typedef T fn##_argument; \
	static int fn##_entry(void *place) \
	{ \
		task_safe_point(); \
		return fn(*(T *)place); \
	} \
	static inline void fn##_moved(T *place) \
	{ \
		(void)place; \
	} \
	struct fn##_spawnable

#define TASK_SPAWN(fn, argument, options, ret) \
	({ \
		fn##_argument *spawn_place_ = (argument); \
		int spawn_r_ = task_spawn(fn##_entry, spawn_place_, sizeof(*spawn_place_), \
					  (options), (ret)); \
		if (spawn_r_ == 0) \
			fn##_moved(spawn_place_); \
		spawn_r_; \
	})

/* What TASK_SPAWN calls.  Copies `size` bytes of the argument to the new stack. */
MUST_USE OWN_MARK(clew_task_start)
int task_spawn(int (*entry)(void *), const void *argument, size_t size,
	       const struct task_options *options, task_handle *ret);

/*
 * The loop of a service that is to be swappable while it waits: task_spawn
 * task_repeat with a struct task_loop as its argument.  The task cell calls
 * the step through its entry, so that after a swap the next step is the new
 * version's.  A step calls the *_step functions of interfaces and returns
 * TASK_AGAIN when one of them says WAIT_E_RESTART; what has to outlive the
 * step is in the cell's state.  Anything else ends the task with that value.
 */
#define TASK_AGAIN INT32_MIN
struct task_loop {
	int (*step)(void *argument);
	void *argument; /* borrowed; memory that outlives the task */
};
int task_repeat(void *loop);

/* Gives up the caller's frames, whose cleanups do not run, and repeats for good. */
_Noreturn void task_become(struct task_loop *loop);

/* One step; may return WAIT_E_RESTART, so call task_join. */
MUST_USE int task_join_step(const task_handle *task, uint64_t deadline_ns, struct task_exit *ret);

/* 0: *task is consumed and *ret written; WAIT_E_TIMEOUT: it is still the caller's. */
MUST_USE static inline int task_join(OWN_TAKEN task_handle *task, uint64_t deadline_ns,
				     struct task_exit *ret)
{
	int r = RESTARTABLE(task_join_step(task, deadline_ns, ret));

	if (r == 0)
		task->word = 0;
	return r;
}

void task_detach(task_handle task);
void task_handle_cleanup(task_handle *place);

/* -ENOENT: no such task, or it has ended; -EPERM: the first task, or an essential one. */
MUST_USE int task_kill(uint64_t id);

/* Kills every task of the namespace but the caller; how many of them have not ended yet. */
unsigned int task_kill_namespace(const namespace_ref *ns);

/* Ends the caller: its frames are unwound, its cleanups run. */
_Noreturn void task_exit(int value);

void task_yield(void);
void task_safe_point(void);

MUST_USE int task_sleep_step(uint64_t until_ns);
static inline void task_sleep(uint64_t duration_ns)
{
	uint64_t until_ns = clock_now_ns() + duration_ns;

	while (task_sleep_step(until_ns) == WAIT_E_RESTART)
		;
}

uint64_t task_id(void); /* of the caller; 0 before there are tasks and in interrupts */
int task_output(void);	/* stream of the caller, see console.h */
const namespace_ref *task_namespace(void); /* borrowed from the caller's task */
MUST_USE int task_set_priority(uint64_t id, uint32_t priority);

/* ---- for `ps` ------------------------------------------------------------ */

struct task_info {
	uint64_t id;
	char name[TASK_NAME_MAX];
	enum task_phase state;
	uint32_t priority;
	uint32_t restarts;
	uint64_t cpu_ns;
	uint64_t switches;
};

/* The task with the smallest id above `after`; -ENOENT: none. */
MUST_USE int task_next(uint64_t after, struct task_info *ret);
const char *task_state_name(enum task_phase state);

/* ---- for wait, interrupt, recovery, swap: the system's own cells ---------- */

struct task; /* lies at the top of its own stack mapping */

struct task *task_current(void); /* what this CPU runs; NULL before there are tasks */
uint64_t task_id_of(const struct task *task);

/*
 * Parks the caller (interrupts off) until task_unpark, the deadline, a kill
 * or a restart; returns with interrupts off: 0, WAIT_E_TIMEOUT,
 * WAIT_E_RESTART.  A killed caller is told with WAIT_E_RESTART too and is
 * then unwound by task_safe_point, once its caller has left its queue.
 */
MUST_USE int task_park(uint64_t deadline_ns);
/* Interrupts off.  Whether it was parked; if not, nothing has changed. */
bool task_unpark(struct task *task);

/* Interrupts off.  Wakes a parked task with WAIT_E_RESTART. */
void task_restart(struct task *task);

/* From this CPU's interrupt handler, after the devices: may not return. */
void task_preempt(const struct trap_frame *frame);

/* Memory of a task that may hold pointers: from its saved stack pointer to the end. */
struct task_memory {
	struct task *task;
	uint64_t id;
	uintptr_t stack_low;  /* lowest usable address */
	uintptr_t stack_high; /* one past the stack; the task's record begins there */
	uintptr_t saved_sp;   /* of a task that is not running, else stack_low */
	uintptr_t end;	      /* one past the record (saved registers included) */
	bool running, parked;
};
MUST_USE int task_memory_next(uint64_t after, struct task_memory *ret);

/* What recovery keeps in each task while it unwinds it; zero otherwise. */
struct task_unwind {
	uint32_t active;       /* 1 while unwinding */
	uint32_t nested;       /* faults inside cleanups so far */
	uint64_t fault_id;     /* record in the fault log, 0 when killed or exiting */
	struct task_exit exit; /* how it will end */
	uint64_t exception[4]; /* the object that landing pads are given */
};
struct task_unwind *task_unwind_of(struct task *task);

/* Opens the reserve above the guard page after an overflow; false: was open already. */
bool task_open_reserve(struct task *task);

/* The end of an unwind: never returns; frees what the task owned. */
_Noreturn void task_end(struct task_exit exit);

/* Called by captain: makes the caller's context the first task. */
MUST_USE int task_init(const char *name, uintptr_t stack_low, uintptr_t stack_high);

#endif
