/* SPDX-License-Identifier: MIT */
/*
 * A 16550 at MACHINE_COM2, for tests of its driver.
 *
 * From the data sheet (National Semiconductor PC16550D, table II and section
 * 8), and the interrupt controller of a PC: only a rising line interrupts.
 */
#ifndef TESTS_FAKE_UART_H
#define TESTS_FAKE_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As after power-on: no FIFOs, no interrupts, no carrier. */
void fake_uart_reset(void);
void fake_uart_remove(void); /* nothing answers at its ports */

/* When a break is seen: with its zero byte (data sheet), or at once (qemu). */
enum fake_uart_break {
	FAKE_UART_BREAK_IN_ORDER,
	FAKE_UART_BREAK_AT_ONCE
};

/* The other side of the line.  How many bytes there was room for. */
size_t fake_uart_send(const char *bytes, size_t size);
void fake_uart_send_break(enum fake_uart_break when);
void fake_uart_pause(void); /* no byte for four characters' time */
void fake_uart_set_carrier(bool up);
void fake_uart_set_errors(uint8_t errors); /* bits of LSR */
size_t fake_uart_sent(char *to, size_t size);
void fake_uart_stop_draining(uint64_t ns_per_poll); /* time that a register access takes */
unsigned long fake_uart_polls(void);		    /* of LSR, since then */

/* While true the driver's handler is not called; a line that rose stays noted. */
void fake_uart_hold_interrupts(bool hold);
bool fake_uart_line_is_up(void);
uint8_t fake_uart_ier(void);
uint8_t fake_uart_fcr(void);

#endif
