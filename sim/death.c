/* SPDX-License-Identifier: MIT */
/*
 * Reports on standard error, then the way out.
 */
#include "death.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/format.h"
#include "listener.h"
#include "machine/trap_report.h"
#include "terminal.h"
#include "trace.h"
#include "uart.h"

#define DEATH_LINE_MAX 512

void death_put_back(void)
{
	uart_flush_terminal();
	terminal_restore();
	trace_flush();
	listener_remove();
}

static void death_say(const char *format, va_list arguments)
{
	char line[DEATH_LINE_MAX] = "clew: ";
	size_t n;

	n = 6 + format_list(line + 6, sizeof(line) - 7, format, arguments);
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n] = '\n';
	if (write(STDERR_FILENO, line, n + 1) < 0)
		return; /* nobody listens */
}

void death_report(const char *format, ...)
{
	va_list arguments;

	uart_flush_terminal();
	va_start(arguments, format);
	death_say(format, arguments);
	va_end(arguments);
}

_Noreturn void death_exit(enum machine_status status, const char *format, ...)
{
	va_list arguments;

	death_put_back();
	va_start(arguments, format);
	death_say(format, arguments);
	va_end(arguments);
	_exit((int)status);
}

_Noreturn void death_trap(enum machine_status status, const struct trap_frame *frame,
			  const char *why)
{
	death_put_back();
	trap_report(death_report, frame, why);
	_exit((int)status);
}
