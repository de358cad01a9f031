/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the task cell: the record of a task, and the heads of
 * the lists that tasks are in.
 *
 * Layout of a task's one mapping, from low to high:
 *
 *	guard page | reserve (opened after an overflow) | stack ... | record
 *
 * The record owns the mapping it lies in.  The first task is the exception:
 * its stack is the boot's, its record a heap block.
 */
#ifndef CELLS_TASK_RECORD_H
#define CELLS_TASK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/heap.h>
#include <clew/memory.h>
#include <clew/namespace.h>
#include <clew/scheduler.h>
#include <clew/task.h>
#include <clew/wait.h>

#include "arch/x86_64/context.h"

/* All fields but those of the first group change with interrupts off only. */
struct task {
	/* Constant from spawn to end. */
	uint64_t id;
	char name[TASK_NAME_MAX];
	int (*entry)(void *argument);
	void *argument;	      /* on the stack */
	uintptr_t stack_low;  /* of the stack without the reserve */
	uintptr_t stack_high; /* one past the stack */
	uint32_t restarts;
	int output;
	bool first; /* neither killed nor ended */

	struct scheduler_link link;
	struct task *next, *prev; /* every task, by id; next also in the list of the dead */
	enum task_phase state;	  /* READY, RUNNING, PARKED or ENDED */
	struct task_exit exit;
	bool essential;	   /* not killed */
	bool killed;	   /* to be unwound at the next safe point */
	bool ending;	   /* past that: it is releasing what it owns */
	uint32_t holds;	   /* how often kills are put off */
	bool detached;	   /* nobody will join */
	bool reserve_open; /* the pages below stack_low are RW */
	bool preempted;	   /* context leads to a trap frame */
	bool framed;	   /* resume and frame hold registers, perhaps of an earlier preemption */
	struct wait_queue joiners;
	struct task_unwind unwind;

	int woken;	      /* what task_park returns */
	uint64_t deadline_ns; /* CLOCK_NEVER: in no list of sleepers */
	struct task *sooner, *later;

	uint64_t cpu_ns, switches;
	uintptr_t saved_sp; /* of a preempted task: what its stack held then */

	map_none guard; /* the guard page and the reserve */
	map_rw stack;	/* the stack and this record */
	namespace_ref ns;

	void *context; /* of a task that is not running */
	/* Of a preempted task that is not the first. */
	struct context resume;
	struct trap_frame frame;
};

struct task_state {
	struct task *current;		/* NULL before there are tasks */
	struct task *oldest, *youngest; /* every task, by id */
	struct task *visited;	       /* where task_next and task_memory_next last were, or NULL */
	struct task *soonest, *latest; /* sleepers, by deadline */
	struct task *dead;	       /* ended and detached, to be freed by whoever runs next */
	uint64_t last_id;
	uint64_t since_ns; /* when the current task began to run */
	uint64_t slice_end_ns;
	uint64_t armed_ns; /* the alarm that is set; never later than what is due */
	bool idle;	   /* nobody runs: the current task's stack waits for an interrupt */
	bool pressed;	   /* a task of higher priority than the current became ready */
	bool tracing;
	bool seeded;	  /* safe points count: else the machine has no use for them */
	heap_block first; /* record of the first task */
};

struct task_state *tasks(void); /* the cell's state */

OWNER(task_remains); /* word: address of an ended task's record, in no list */
OWN_IMPLEMENTS(task_remains, "the word is the record of an ended task");
void task_remains_cleanup(task_remains *place);

/* stack.c: -ENOMEM.  The record is zero but for where its memory is. */
MUST_USE int task_stack_new(uint32_t pages, task_remains *ret);
static inline struct task *task_remains_at(const task_remains *remains)
{
	return (struct task *)(uintptr_t)remains->word;
}
uintptr_t task_stack_bottom(const struct task *task); /* the reserve included once open */

/* sleepers.c: interrupts off. */
void sleepers_add(struct task_state *all, struct task *task, uint64_t deadline_ns);
void sleepers_remove(struct task_state *all, struct task *task); /* accepts one that is not in it */

/* task.c: interrupts off. */
void task_make_ready(struct task_state *all, struct task *task);
_Noreturn void task_leave(struct task_state *all);

/* Frees what ended detached tasks left; interrupts on. */
void task_reap(struct task_state *all);

/* life.c: what the first switch to a task calls. */
void task_begin(void *task);
/* The task of that id, interrupts off; NULL: none. */
struct task *task_find(struct task_state *all, uint64_t id);
/* The task with the smallest id above `after`, interrupts off; NULL: none. */
struct task *task_after(struct task_state *all, uint64_t after);

#endif
