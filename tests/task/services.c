/* SPDX-License-Identifier: MIT */
/*
 * Stand-ins for recovery, log and namespace.  Unwinding is libgcc's forced
 * unwinding: an unwinder that is not the project's runs the cleanups.
 */
#include "machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include <clew/heap.h>
#include <clew/log.h>
#include <clew/own.h>
#include <clew/panic.h>
#include <clew/recovery.h>

#include "tap.h"

/* ---- unwinding ------------------------------------------------------------------ */

_Static_assert(sizeof(struct _Unwind_Exception) <= sizeof(((struct task_unwind *)NULL)->exception),
	       "the exception object has its place in the task");

static _Unwind_Reason_Code at_frame(int version, _Unwind_Action actions,
				    _Unwind_Exception_Class class,
				    struct _Unwind_Exception *exception,
				    struct _Unwind_Context *context, void *argument)
{
	(void)version;
	(void)class;
	(void)exception;
	(void)context;
	(void)argument;
	if (actions & _UA_END_OF_STACK)
		task_end(task_unwind_of(task_current())->exit);
	return _URC_NO_REASON;
}

static _Noreturn void unwind(void)
{
	struct task_unwind *unwind = task_unwind_of(task_current());
	struct _Unwind_Exception *exception = (void *)unwind->exception;

	unwind->active = 1;
	memset(exception, 0, sizeof(unwind->exception));
	_Unwind_ForcedUnwind(exception, at_frame, NULL);
	abort();
}

_Noreturn void recovery_unwind_caller(void)
{
	if (!interrupts_on() || task_unwind_of(task_current())->active)
		abort();
	unwind();
}

_Noreturn void crash(void)
{
	struct task_unwind *state = task_unwind_of(task_current());

	state->fault_id = 7;
	state->exit = (struct task_exit){ TASK_CRASHED, 7 };
	unwind();
}

_Noreturn void panic(const char *what)
{
	fprintf(stderr, "# panic: %s\n", what);
	crash();
}

_Noreturn void panic_assert(const char *expression, const char *file, int line)
{
	fprintf(stderr, "# assert: %s (%s:%d)\n", expression, file, line);
	crash();
}

_Noreturn void own_overwritten(const char *file, int line)
{
	fprintf(stderr, "# overwritten: %s:%d\n", file, line);
	abort();
}

/* ---- log and machine's words -------------------------------------------------------- */

static char traced[65536];
static size_t traced_size;

bool log_is_tracing(void)
{
	return true;
}

/* Keeps the first events; a storm sends more messages than anybody reads. */
void log_trace(const char *format, ...)
{
	char event[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(event, sizeof(event), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(event) ||
	    (size_t)length + 2 > sizeof(traced) - traced_size)
		return;
	memcpy(traced + traced_size, event, (size_t)length);
	traced_size += (size_t)length;
	traced[traced_size++] = '\n';
}

const char *trace_text(void)
{
	return traced;
}

void log_write(const char *format, ...)
{
	(void)format;
}

void machine_log(const char *text, size_t size)
{
	fprintf(stderr, "# %.*s", (int)size, text);
}

_Noreturn void machine_halt(enum machine_status status)
{
	_Exit(64 + (int)status);
}

/* ---- namespaces ----------------------------------------------------------------------- */

static uint64_t references = 1;
static namespace_ref root = { 1 };

uint64_t namespace_references(void)
{
	return references;
}

const namespace_ref *namespace_root(void)
{
	return &root;
}

namespace_ref namespace_ref_ref(const namespace_ref *ns)
{
	references++;
	return *ns;
}

void namespace_ref_cleanup(namespace_ref *place)
{
	if (place->word != 0)
		references--;
	place->word = 0;
}

/* ---- counting, running ------------------------------------------------------------------ */

uint64_t frames_used(void)
{
	struct frame_usage usage;

	heap_trim();
	frame_usage(&usage);
	return usage.total - usage.free;
}

static uint64_t random_state = 0x9e3779b97f4a7c15;

uint64_t random_below(uint64_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1d >> 32) % n;
}

int run_suite(Suite *suite)
{
	const char *seed = getenv("CLEW_TEST_SEED");

	if (seed != NULL && strtoull(seed, NULL, 0) != 0)
		random_state = strtoull(seed, NULL, 0);
	printf("# seed %#lx\n", random_state);
	fflush(stdout);
	return tap_run(suite);
}
