/* SPDX-License-Identifier: MIT */
/* The bounded ring of fault records, see fault_log.h.  Freestanding; no state of its own. */
#include "fault_log.h"

#include <stddef.h>

struct fault_record *fault_log_new(struct fault_log *log, uint64_t task)
{
	uint64_t id = ++log->last;
	struct fault_record *record = &log->records[id % FAULT_LOG_MAX];

	*record = (struct fault_record){ .id = id, .task = task };
	log->tasks[id % FAULT_LOG_MAX] = task;
	return record;
}

struct fault_record *fault_log_find(struct fault_log *log, uint64_t id)
{
	struct fault_record *record = &log->records[id % FAULT_LOG_MAX];

	return id != 0 && record->id == id ? record : NULL;
}

void fault_log_conceal(struct fault_record *record)
{
	record->address = ~record->address;
	for (uint32_t i = 0; i < record->n_frames; i++)
		record->frames[i].pc = ~record->frames[i].pc;
}

uint32_t fault_log_count(const struct fault_log *log, uint64_t task)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < FAULT_LOG_MAX; i++)
		count += task != 0 && log->tasks[i] == task;
	return count;
}

const struct fault_record *fault_log_next(const struct fault_log *log, uint64_t after)
{
	uint64_t oldest = log->last > FAULT_LOG_MAX ? log->last - FAULT_LOG_MAX + 1 : 1;

	if (after >= log->last)
		return NULL;
	return &log->records[(after < oldest ? oldest : after + 1) % FAULT_LOG_MAX];
}
