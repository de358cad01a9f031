/* SPDX-License-Identifier: MIT */
/*
 * Driver of the two 16550s: bytes in by interrupt, bytes out by polling.
 *
 * It knows nothing of lines, editing or frames; the cell console does.
 * Freestanding, does not allocate, takes no lock: the registers are touched
 * with interrupts off.  Registers: National Semiconductor PC16550D, table II.
 */
#include <clew/uart.h>

#include <stdbool.h>

#include <clew/cell.h>
#include <clew/interrupt.h>
#include <clew/irq.h>
#include <clew/machine.h>

enum {
	RBR = 0, /* read: receiver buffer */
	THR = 0, /* write: transmitter holding */
	DLL = 0, /* divisor, while DLAB */
	IER = 1,
	DLM = 1,
	FCR = 2,
	LCR = 3,
	MCR = 4,
	LSR = 5,
	MSR = 6,
};

#define IER_ERBFI 0x01u /* interrupt when a byte was received */
#define IER_EDSSI 0x08u /* interrupt when the modem status changed */
#define FCR_ENABLE_AND_CLEAR 0x07u
#define LCR_8N1 0x03u
#define LCR_DLAB 0x80u
#define MCR_DTR_RTS_OUT2 0x0bu /* OUT2 gates the interrupt on a PC */
#define LSR_DR 0x01u
#define LSR_THRE 0x20u
#define MSR_DDCD 0x08u /* carrier changed since the last read */
#define MSR_DCD 0x80u

#define FIFO_BYTES 16
#define DIVISOR 1 /* 115200 baud of the 1.8432 MHz clock */

/* Polls of THRE before the rest of a text is dropped: a line that nobody drains. */
#define PATIENCE 4000000u

struct line {
	void (*received)(uint8_t byte); /* NULL: not attached */
	void (*carrier)(bool up);
	uint16_t port;
	bool paused;
};

struct uart_state {
	struct line lines[2];
};

CELL_STATE(uart, "who gets the received bytes is asked for in an interrupt") = {
	.lines = { { .port = MACHINE_COM1 }, { .port = MACHINE_COM2 } },
};

static struct line *line_of(uint16_t port)
{
	for (int i = 0; i < 2; i++) {
		if (uart_state.lines[i].port == port)
			return &uart_state.lines[i];
	}
	return NULL;
}

/* Interrupts off.  The vector is edge triggered on a PC, so nothing may be left behind. */
static void drain(struct line *line)
{
	while (!line->paused && (machine_in8(line->port + LSR) & LSR_DR))
		line->received(machine_in8(line->port + RBR));
}

/* Interrupts off.  Bytes first: those of a line that went may still be wanted. */
static void service(struct line *line)
{
	uint8_t status;

	drain(line);
	status = machine_in8(line->port + MSR);
	if (status & MSR_DDCD)
		line->carrier(status & MSR_DCD);
	drain(line);
}

static void interrupted(void *context)
{
	struct line *line = line_of((uint16_t)(uintptr_t)context);

	if (line && line->received)
		service(line);
}

static void program(uint16_t port)
{
	machine_out8(port + IER, 0);
	machine_out8(port + LCR, LCR_DLAB);
	machine_out8(port + DLL, DIVISOR);
	machine_out8(port + DLM, 0);
	machine_out8(port + LCR, LCR_8N1);
	machine_out8(port + FCR, FCR_ENABLE_AND_CLEAR);
	machine_out8(port + MCR, MCR_DTR_RTS_OUT2);
	machine_out8(port + IER, IER_ERBFI | IER_EDSSI);
}

CELL_EXPORT int uart_attach(uint16_t port, void (*received)(uint8_t byte), void (*carrier)(bool up))
{
	uint8_t vector = port == MACHINE_COM1 ? MACHINE_VECTOR_COM1 : MACHINE_VECTOR_COM2;
	struct line *line = line_of(port);
	int r;

	if (!line || !received || !carrier)
		return -EINVAL;
	r = interrupt_attach(vector, interrupted, (void *)(uintptr_t)port);
	if (r < 0)
		return r;
	OWN(irq_guard, guard) = irq_off();
	line->received = received;
	line->carrier = carrier;
	program(port);
	service(line);
	return 0;
}

CELL_EXPORT void uart_pause(uint16_t port, bool paused)
{
	struct line *line = line_of(port);

	if (!line || !line->received)
		return;
	OWN(irq_guard, guard) = irq_off();
	line->paused = paused;
	machine_out8(port + IER, paused ? IER_EDSSI : IER_EDSSI | IER_ERBFI);
	drain(line);
}

static bool wait_for_room(uint16_t port)
{
	for (uint32_t i = 0; i < PATIENCE; i++) {
		if (machine_in8(port + LSR) & LSR_THRE)
			return true;
	}
	return false;
}

CELL_EXPORT void uart_write(uint16_t port, const char *text, size_t size)
{
	OWN(irq_guard, guard) = irq_off();

	for (size_t i = 0; i < size; i++) {
		if (i % FIFO_BYTES == 0 && !wait_for_room(port))
			return;
		machine_out8(port + THR, (uint8_t)text[i]);
	}
}

CELL("uart", 1, CELL_SERVICE, "driver of the two 16550 serial ports");
