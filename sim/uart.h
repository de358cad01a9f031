/* SPDX-License-Identifier: MIT */
/*
 * The two emulated 16550s.
 */
#ifndef SIM_UART_H
#define SIM_UART_H

#include <stddef.h>

#include <clew/machine.h>

enum uart_line {
	UART_TERMINAL, /* COM1 */
	UART_CONTROL,  /* COM2 */
	UART_LINES,
};

void uart_init(void);

/* ---- the I/O thread's side -------------------------------------------------- */

/* Puts bytes on the line; returns how many it took. */
size_t uart_receive(enum uart_line line, const uint8_t *bytes, size_t size);

/* false: io_wake() is called when there is room again. */
bool uart_has_room(enum uart_line line);

/* Raises or drops carrier detect; with it dropped, what is on the line is lost. */
void uart_set_carrier(enum uart_line line, bool carrier);

/* Whether the system has read the modem status since the carrier last changed, if it wants to. */
bool uart_carrier_is_seen(enum uart_line line);

/* ---- the CPU's side --------------------------------------------------------- */

/* Vectors (bit n: 32 + n) of the lines that ask for an interrupt; async-signal-safe. */
uint32_t uart_take_requests(void);
void uart_raise_requests(void);

/* Writes what was sent; _late only when it has waited for some milliseconds. */
void uart_flush(void);
void uart_flush_late(void);
/* The same for the terminal alone, from a signal handler. */
void uart_flush_terminal(void);

/* The implementations of machine.h.  No device answers to more than a byte. */
uint8_t uart_in8(uint16_t port);
uint16_t uart_in16(uint16_t port);
uint32_t uart_in32(uint16_t port);
void uart_out8(uint16_t port, uint8_t value);
void uart_out16(uint16_t port, uint16_t value);
void uart_out32(uint16_t port, uint32_t value);

#endif
