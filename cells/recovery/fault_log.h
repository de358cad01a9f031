/* SPDX-License-Identifier: MIT */
/*
 * The last FAULT_LOG_MAX fault records.  Interrupts off around every call.
 *
 * Invariant: the record with id i lies in records[i % FAULT_LOG_MAX].
 */
#ifndef RECOVERY_FAULT_LOG_H
#define RECOVERY_FAULT_LOG_H

#include <clew/recovery.h>

struct fault_log {
	uint64_t last;		       /* id of the latest record, 0: none yet */
	uint64_t tasks[FAULT_LOG_MAX]; /* of each record: apart, to be counted at each fault */
	struct fault_record records[FAULT_LOG_MAX];
};

/* The next record, zero but for its id and the task. */
struct fault_record *fault_log_new(struct fault_log *log, uint64_t task);

/* NULL: no such record is kept. */
struct fault_record *fault_log_find(struct fault_log *log, uint64_t id);

/*
 * Turns the addresses of a record into words that no search takes for
 * pointers, and back: the log must not hold on to text that was replaced.
 */
void fault_log_conceal(struct fault_record *record);

/* How many of the kept records are about the task. */
uint32_t fault_log_count(const struct fault_log *log, uint64_t task);

/* The kept record with the smallest id above `after`; NULL: none. */
const struct fault_record *fault_log_next(const struct fault_log *log, uint64_t after);

#endif
