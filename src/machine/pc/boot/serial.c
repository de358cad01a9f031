/* SPDX-License-Identifier: MIT */
/*
 * Words from the boot code: the first serial line by polling, else the screen.
 *
 * Registers: PC16550D data sheet (National Semiconductor), table II.  What
 * comes in meanwhile is the driver's and waits in the FIFOs; to turn them on
 * clears them, so that is left to the driver when a byte is there already.
 */
#include "base/format.h"
#include "base/string.h"
#include "machine/pc/boot/boot.h"
#include "machine/pc/cpu.h"
#include "machine/pc/end.h"
#include "machine/pc/pc.h"

enum {
	THR = MACHINE_COM1,
	DLL = MACHINE_COM1,
	IER = MACHINE_COM1 + 1,
	DLM = MACHINE_COM1 + 1,
	FCR = MACHINE_COM1 + 2,
	LCR = MACHINE_COM1 + 3,
	MCR = MACHINE_COM1 + 4,
	LSR = MACHINE_COM1 + 5,
	SCR = MACHINE_COM1 + 7,
};

#define DIVISOR 1 /* 115200 baud of the 1.8432 MHz clock */
#define FCR_ENABLE 0x01
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define MCR_DTR_RTS 0x03
#define LSR_DR 0x01
#define LSR_THRE 0x20
#define PATIENCE 100000 /* polls for a byte that does not leave */

/* Text mode of the VGA: two bytes a character, 80 to a line. */
#define SCREEN 0xb8000
#define SCREEN_CHARACTERS (80 * 25)
#define SCREEN_GREY_ON_BLACK 0x0700

static bool has_serial;

static bool keeps(uint8_t value)
{
	cpu_out8(SCR, value);
	return cpu_in8(SCR) == value;
}

bool boot_serial_init(void)
{
	pc.has_log_port = cpu_in8(PC_PORT_LOG) == PC_PORT_LOG;
	has_serial = keeps(0x5a) && keeps(0xa5);
	if (!has_serial)
		return false;
	cpu_out8(LCR, LCR_8N1 | LCR_DLAB);
	cpu_out8(DLL, DIVISOR);
	cpu_out8(DLM, 0);
	cpu_out8(LCR, LCR_8N1);
	cpu_out8(IER, 0);
	cpu_out8(MCR, MCR_DTR_RTS);
	if (!(cpu_in8(LSR) & LSR_DR))
		cpu_out8(FCR, FCR_ENABLE);
	if (pc.has_log_port)
		cpu_out8(PC_PORT_LOG, PC_LOG_READY);
	return true;
}

static void say_byte(char byte)
{
	for (int i = 0; i < PATIENCE && !(cpu_in8(LSR) & LSR_THRE); i++)
		cpu_pause();
	cpu_out8(THR, (uint8_t)byte);
}

void boot_say(const char *text)
{
	for (; has_serial && *text; text++) {
		if (*text == '\n')
			say_byte('\r');
		say_byte(*text);
	}
}

static void say_on_screen(const char *text)
{
	volatile uint16_t *screen = pc_alias(SCREEN);

	for (size_t i = 0; i < SCREEN_CHARACTERS; i++) {
		uint8_t byte = *text && *text != '\n' ? (uint8_t)*text++ : ' ';

		screen[i] = SCREEN_GREY_ON_BLACK | byte;
	}
}

void boot_fail(const char *format, ...)
{
	char line[BOOT_ERROR_MAX + 96] = "clew: ";
	va_list arguments;
	size_t n = string_length(line);

	va_start(arguments, format);
	format_list(line + n, sizeof(line) - n - 1, format, arguments);
	va_end(arguments);
	n = string_length(line);
	line[n++] = '\n';
	line[n] = '\0';
	if (pc.has_log_port)
		end_log(line, n);
	else if (has_serial)
		boot_say(line);
	else
		say_on_screen(line);
	end_halt(MACHINE_NO_BOOT);
}
