/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `recovery`: what happens to a task that faults.
 *
 * The task is unwound with its cleanups, the others go on, and the fault log
 * keeps what happened in terms of cells and symbols.
 */
#ifndef CLEW_RECOVERY_H
#define CLEW_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include <clew/cell.h>
#include <clew/errors.h>
#include <clew/linker.h>

#define FAULT_BACKTRACE_MAX 16
#define FAULT_LOG_MAX 64

struct fault_frame {
	uintptr_t pc;
	char cell[CELL_NAME_MAX];
	char symbol[40];
	uint32_t offset;
	uint32_t version;
};

struct fault_record {
	uint64_t id; /* counts up from 1 */
	uint64_t time_ns;
	uint64_t task;
	char task_name[CELL_NAME_MAX];
	char cause[64];	 /* "page fault: read of 0x0", "assert: x > 0 (crash.c:12)" */
	uint32_t vector; /* enum trap_vector; 256: panic */
	uint32_t n_frames;
	uint32_t cleanups; /* landing pads run */
	uint32_t nested;   /* faults in cleanups */
	uint32_t lost;	   /* frames whose cleanups could not run, the others' did */
	bool truncated;	   /* the unwind could not reach the task's first frame */
	bool ended;	   /* the unwind is over */
	uintptr_t address;
	struct fault_frame frames[FAULT_BACKTRACE_MAX];
};

/* The record with the smallest id above `after` that is still kept; -ENOENT: none. */
MUST_USE int recovery_next_fault(uint64_t after, struct fault_record *ret);

/* Where recovery runs on this CPU; nothing is kept there between faults. */
void recovery_stack(uintptr_t *ret_low, uintptr_t *ret_high);

/* Called once by captain: takes the faults of this CPU. */
MUST_USE int recovery_init(void);

/* Starts unwinding the caller, from its own call: task_exit and kill. Called by the task cell. */
_Noreturn void recovery_unwind_caller(void);

#endif
