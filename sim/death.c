/* SPDX-License-Identifier: MIT */
/*
 * Reports on standard error, then the way out.
 */
#include "death.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/format.h"
#include "listener.h"
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

static const char *death_trap_name(uint64_t vector)
{
	switch (vector) {
	case TRAP_DE:
		return "divide error";
	case TRAP_DB:
		return "debug exception";
	case TRAP_BP:
		return "breakpoint";
	case TRAP_UD:
		return "invalid opcode";
	case TRAP_GP:
		return "general protection";
	case TRAP_PF:
		return "page fault";
	case TRAP_MF:
		return "x87 exception";
	case TRAP_AC:
		return "alignment check";
	case TRAP_XM:
		return "SIMD exception";
	case TRAP_SYSCALL:
		return "system call";
	default:
		return vector < TRAP_INTERRUPT ? "exception" : "interrupt";
	}
}

_Noreturn void death_trap(enum machine_status status, const struct trap_frame *frame,
			  const char *why)
{
	death_put_back();
	death_report("%s: %s (vector %lu, error 0x%lx, address 0x%lx)", why,
		     death_trap_name(frame->vector), frame->vector, frame->error, frame->address);
	death_report("rip 0x%lx rsp 0x%lx rbp 0x%lx rflags 0x%lx", frame->rip, frame->rsp,
		     frame->rbp, frame->rflags);
	death_report("rax 0x%lx rbx 0x%lx rcx 0x%lx rdx 0x%lx rsi 0x%lx rdi 0x%lx", frame->rax,
		     frame->rbx, frame->rcx, frame->rdx, frame->rsi, frame->rdi);
	death_report(
		"r8 0x%lx r9 0x%lx r10 0x%lx r11 0x%lx r12 0x%lx r13 0x%lx r14 0x%lx r15 0x%lx",
		frame->r8, frame->r9, frame->r10, frame->r11, frame->r12, frame->r13, frame->r14,
		frame->r15);
	_exit((int)status);
}
