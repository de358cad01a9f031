/* SPDX-License-Identifier: MIT */
/*
 * Words to the outside, and the way out.
 *
 * Nothing here waits for ever: a serial line that takes no more bytes is given
 * up after so many looks at it, and a fault in the middle of the end makes it
 * shorter.
 */
#include "machine/pc/end.h"

#include <stdarg.h>

#include "base/format.h"
#include "machine/pc/cpu.h"
#include "machine/pc/pc.h"
#include "machine/pc/resident.h"
#include "machine/trap_report.h"

RESIDENT_FILE("has the last word when there is no cell to have it")
RESIDENT_OF("base/format.c", "writes the last words")
RESIDENT_OF("base/string.c", "measures text for them")
RESIDENT_OF("machine/trap_report.c", "says what of the registers, the same on every machine")

#define LINE_MAX 256
#define LINE_STATUS (MACHINE_COM1 + 5)
#define LSR_THRE 0x20u
#define LSR_TEMT 0x40u
#define PATIENCE 100000u /* looks of a microsecond or so, for one byte */

/* ACPI 6.4, 4.8.3.2.1: PM1 control registers. */
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_TYPE 0x1c00u
#define PM1_SLEEP_ENABLE 0x2000u

/* ---- words -------------------------------------------------------------------- */

static bool end_wait_line(uint8_t bit)
{
	for (unsigned int i = 0; i < PATIENCE; i++) {
		if (cpu_in8(LINE_STATUS) & bit)
			return true;
		cpu_pause();
	}
	return false;
}

/* A terminal wants a carriage return, too. */
static void end_say(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!end_wait_line(LSR_THRE))
			return;
		if (text[i] == '\n') {
			cpu_out8(MACHINE_COM1, '\r');
			if (!end_wait_line(LSR_THRE))
				return;
		}
		cpu_out8(MACHINE_COM1, (uint8_t)text[i]);
	}
}

static void end_write(uint16_t port, const char *text, size_t size)
{
	__asm__ volatile("rep outsb" : "+S"(text), "+c"(size) : "d"(port) : "memory");
}

void end_log(const char *text, size_t size)
{
	if (pc.has_log_port)
		end_write(PC_PORT_LOG, text, size);
	else
		end_say(text, size);
}

void end_trace(const char *text, size_t size)
{
	if (!(pc.info.flags & MACHINE_TRACE))
		return;
	end_write(PC_PORT_TRACE, text, size);
	cpu_out8(PC_PORT_TRACE, '\n');
}

static void end_report_list(const char *format, va_list arguments)
{
	char line[LINE_MAX] = "clew: ";
	size_t n;

	n = 6 + format_list(line + 6, sizeof(line) - 7, format, arguments);
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n] = '\n';
	end_log(line, n + 1);
}

void end_report(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	end_report_list(format, arguments);
	va_end(arguments);
}

/* ---- the way out -------------------------------------------------------------- */

static void end_sleep(uint16_t port, uint16_t type)
{
	uint16_t kept = cpu_in16(port) & (uint16_t)~PM1_SLEEP_TYPE;

	cpu_out16(port, (uint16_t)(kept | type << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE));
}

static void end_power_off(void)
{
	const struct pc_power *power = &pc.power;

	if (power->pm1a_control)
		end_sleep(power->pm1a_control, power->sleep_type_a);
	if (power->pm1b_control)
		end_sleep(power->pm1b_control, power->sleep_type_b);
	/* The power goes a moment later: this waits for a bit that never comes. */
	end_wait_line(0);
}

_Noreturn void end_halt(enum machine_status status)
{
	end_wait_line(LSR_TEMT);
	if (pc.has_debug_exit)
		cpu_out8(PC_PORT_DEBUG_EXIT, (uint8_t)(PC_DEBUG_EXIT_BASE + status));
	end_power_off();
	end_report("halted, it is safe to switch off");
	for (;;)
		__asm__ volatile("cli; hlt");
}

_Noreturn void end_trap(enum machine_status status, const struct trap_frame *frame, const char *why)
{
	static bool is_ending;

	if (is_ending)
		end_halt(status);
	is_ending = true;
	trap_report(end_report, frame, why);
	end_halt(status);
}

_Noreturn void end_die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	end_report_list(format, arguments);
	va_end(arguments);
	end_halt(MACHINE_DIED);
}
