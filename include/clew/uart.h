/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `uart`: driver of the two 16550s.
 *
 * Received bytes are handed to the function given at attach, on the interrupt stack.
 */
#ifndef CLEW_UART_H
#define CLEW_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>

/* What became of the other side of a line. */
enum uart_carrier {
	UART_DOWN,  /* it went */
	UART_UP,    /* it came */
	UART_BREAK, /* it sent a BREAK; a zero byte and bytes from before it may follow */
};

/*
 * port: MACHINE_COM1 or MACHINE_COM2.  received is called once a byte, carrier when the other
 * side changed; both with interrupts off.  Without a device there, neither ever is.
 */
MUST_USE int uart_attach(uint16_t port, void (*received)(uint8_t byte),
			 void (*carrier)(enum uart_carrier carrier));

/* One text after the other: two calls never mix.  Drops what a stuck line does not take. */
void uart_write(uint16_t port, const char *text, size_t size);

/* While paused, received bytes stay in the 16550: who sends has to wait. */
void uart_pause(uint16_t port, bool paused);

#endif
