/* SPDX-License-Identifier: MIT */
/*
 * The system's messages: the last LOG_RECORDS of them, and trace events.
 *
 * Not the fault log (recovery.h), and it prints nothing: `log` of the shell
 * does.  Freestanding; does not allocate.  Text is formatted on the caller's
 * stack first, so a bad argument faults its caller and leaves no record.
 *
 * Invariant: the record with id i lies in records[i % LOG_RECORDS].
 */
#include <clew/log.h>

#include <clew/cell.h>
#include <clew/clock.h>
#include <clew/irq.h>
#include <clew/task.h>

#include "base/format.h"
#include "base/string.h"

#define LOG_RECORDS 128
#define TRACE_MAX 768

enum tracing {
	TRACING_UNKNOWN,
	TRACING_OFF,
	TRACING_ON
};

struct log_state {
	uint64_t last;	  /* id of the latest record, 0: none yet */
	uint32_t tracing; /* enum tracing: what the machine said once */
	uint32_t reserved;
	struct log_record records[LOG_RECORDS];
};

CELL_STATE(log, "soft: messages outlive the tasks that wrote them");

CELL_EXPORT void log_write(const char *format, ...)
{
	struct log_record record = { .time_ns = clock_now_ns(), .task = task_id() };
	va_list arguments;

	va_start(arguments, format);
	format_list(record.text, sizeof(record.text), format, arguments);
	va_end(arguments);

	OWN(irq_guard, guard) = irq_off();
	record.id = ++log_state.last;
	log_state.records[record.id % LOG_RECORDS] = record;
}

CELL_EXPORT int log_next(uint64_t after, struct log_record *ret)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t last = log_state.last;
	uint64_t oldest = last > LOG_RECORDS ? last - LOG_RECORDS + 1 : 1;

	if (after >= last)
		return -ENOENT;
	*ret = log_state.records[(after < oldest ? oldest : after + 1) % LOG_RECORDS];
	return 0;
}

/* Appends; false: it did not fit. */
static bool append(char *text, size_t *length, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));
static bool append(char *text, size_t *length, const char *format, va_list arguments)
{
	*length += format_list(text + *length, TRACE_MAX - *length, format, arguments);
	return *length + 2 <= TRACE_MAX;
}

CELL_EXPORT _Bool log_is_tracing(void)
{
	if (log_state.tracing == TRACING_UNKNOWN)
		log_state.tracing =
			machine_info()->flags & MACHINE_TRACE ? TRACING_ON : TRACING_OFF;
	return log_state.tracing == TRACING_ON;
}

/* Apart: room for the text, which the compiler clears, is not to cost those who do not trace. */
static void trace_list(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
static __attribute__((noinline)) void trace_list(const char *format, va_list arguments)
{
	char text[TRACE_MAX];
	size_t head, length;

	head = format_text(text, sizeof(text), "{\"t\":%lu,\"task\":%lu,", clock_now_ns(),
			   task_id());
	length = head;
	if (!append(text, &length, format, arguments))
		length = head + format_text(text + head, sizeof(text) - head,
					    "\"event\":\"too_long\",\"bytes\":%zu", length);
	text[length] = '}';
	machine_trace(text, length + 1);
}

CELL_EXPORT void log_trace(const char *format, ...)
{
	va_list arguments;

	if (!log_is_tracing())
		return;
	va_start(arguments, format);
	trace_list(format, arguments);
	va_end(arguments);
}

CELL("log", 1, CELL_SERVICE, "the system's messages in a bounded ring, and trace events");
