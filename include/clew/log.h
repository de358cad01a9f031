/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `log`: the system's own messages, in a bounded ring.
 */
#ifndef CLEW_LOG_H
#define CLEW_LOG_H

#include <stdint.h>

#include <clew/errors.h>

#define LOG_TEXT_MAX 160

struct log_record {
	uint64_t id; /* counts up from 1 */
	uint64_t time_ns;
	uint64_t task;
	char text[LOG_TEXT_MAX];
};

/* Conversions: base/format.h.  Usable with interrupts off. */
void log_write(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The record with the smallest id above `after` that is still kept; -ENOENT: none. */
MUST_USE int log_next(uint64_t after, struct log_record *ret);

/* One trace event, when tracing: a JSON object's inside, e.g. "\"event\":\"swap\",...". */
void log_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Bool log_is_tracing(void); /* for those to whom the arguments are a cost */

#endif
