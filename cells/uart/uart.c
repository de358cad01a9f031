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
#include <clew/clock.h>
#include <clew/interrupt.h>
#include <clew/irq.h>
#include <clew/machine.h>

enum {
	RBR = 0, /* read: receiver buffer */
	THR = 0, /* write: transmitter holding */
	DLL = 0, /* divisor, while DLAB */
	IER = 1,
	DLM = 1,
	IIR = 2, /* read */
	FCR = 2, /* write */
	LCR = 3,
	MCR = 4,
	LSR = 5,
	MSR = 6,
};

#define IER_ERBFI 0x01u	 /* interrupt when a byte was received */
#define IER_ELSI 0x04u	 /* interrupt on an error or a break */
#define IER_EDSSI 0x08u	 /* interrupt when the modem status changed */
#define IIR_ABSENT 0xffu /* no device answers: a 16550 has zeros in bits 4 and 5 */
#define FCR_ENABLE 0x01u
#define FCR_TRIGGER_14 0xc0u /* fewer come one by one, after a pause of four characters */
#define LCR_8N1 0x03u
#define LCR_DLAB 0x80u
#define MCR_DTR_RTS_OUT2 0x0bu /* OUT2 gates the interrupt on a PC */
#define LSR_DR 0x01u
#define LSR_BI 0x10u /* break; cleared, like OE, PE and FE, when LSR is read */
#define LSR_THRE 0x20u
#define MSR_DDCD 0x08u /* carrier changed since the last read */
#define MSR_DCD 0x80u

#define FIFO_BYTES 16
#define DIVISOR 1 /* 115200 baud of the 1.8432 MHz clock */

/*
 * A line that nobody drains: the rest of a text is dropped after that many
 * polls of THRE, or earlier when at least POLLS_MIN have taken PATIENCE_NS.  A
 * port read takes from 20 ns to microseconds, and seeded time stands still here.
 */
#define POLLS_MIN 100000u
#define POLLS_MAX 4000000u
#define PATIENCE_NS (300 * NS_PER_MS)

struct line {
	void (*received)(uint8_t byte); /* NULL: not attached */
	void (*carrier)(enum uart_carrier carrier);
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

/*
 * Interrupts off.  The one reader of LSR, since reading it clears a break.  What comes after a
 * break may belong to either side of it, since a FIFO may tell of it early: the reader's protocol
 * has to show where a session begins (control.h).  OE, PE and FE lose or change a byte, which the
 * protocol's checksum finds.
 */
static uint8_t read_status(struct line *line)
{
	uint8_t status = machine_in8(line->port + LSR);

	if ((status & LSR_BI) && line->carrier)
		line->carrier(UART_BREAK);
	return status;
}

/*
 * Interrupts off.  The vector is edge triggered on a PC, so nothing may be left behind: not even
 * a break while the line is paused.
 */
static void drain(struct line *line)
{
	while ((read_status(line) & LSR_DR) && !line->paused)
		line->received(machine_in8(line->port + RBR));
}

/* Interrupts off.  Bytes first: those of a line that went may still be wanted. */
static void service(struct line *line)
{
	uint8_t status;

	drain(line);
	status = machine_in8(line->port + MSR);
	if (status & MSR_DDCD)
		line->carrier(status & MSR_DCD ? UART_UP : UART_DOWN);
	drain(line);
}

static void interrupted(void *context)
{
	struct line *line = line_of((uint16_t)(uintptr_t)context);

	if (line && line->received)
		service(line);
}

/*
 * What came before there was a driver is not dropped.  Turning the FIFOs on clears them, so it
 * follows at once on the byte that was there without them; in FIFOs that are on all stays.
 */
static void enable_fifos(struct line *line)
{
	bool has_byte = read_status(line) & LSR_DR;
	uint8_t byte = has_byte ? machine_in8(line->port + RBR) : 0;

	machine_out8(line->port + FCR, FCR_ENABLE | FCR_TRIGGER_14);
	if (has_byte)
		line->received(byte);
}

static void program(struct line *line)
{
	uint16_t port = line->port;

	machine_out8(port + IER, 0);
	machine_out8(port + LCR, LCR_DLAB);
	machine_out8(port + DLL, DIVISOR);
	machine_out8(port + DLM, 0);
	machine_out8(port + LCR, LCR_8N1);
	machine_out8(port + MCR, MCR_DTR_RTS_OUT2);
	enable_fifos(line);
	machine_out8(port + IER, IER_ERBFI | IER_ELSI | IER_EDSSI);
}

CELL_EXPORT int uart_attach(uint16_t port, void (*received)(uint8_t byte),
			    void (*carrier)(enum uart_carrier carrier))
{
	uint8_t vector = port == MACHINE_COM1 ? MACHINE_VECTOR_COM1 : MACHINE_VECTOR_COM2;
	struct line *line = line_of(port);
	OWN(irq_guard, guard) = irq_off();
	int r;

	if (!line || !received || !carrier)
		return -EINVAL;
	if (machine_in8(port + IIR) == IIR_ABSENT)
		return 0;
	r = interrupt_attach(vector, interrupted, (void *)(uintptr_t)port);
	if (r < 0)
		return r;
	line->received = received;
	line->carrier = carrier;
	program(line);
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
	machine_out8(port + IER, IER_ELSI | IER_EDSSI | (paused ? 0 : IER_ERBFI));
	drain(line);
}

static bool wait_for_room(struct line *line)
{
	uint64_t deadline_ns = 0;

	for (uint32_t i = 0; i < POLLS_MAX; i++) {
		if (read_status(line) & LSR_THRE)
			return true;
		if (i == 0)
			deadline_ns = clock_now_ns() + PATIENCE_NS;
		if (i >= POLLS_MIN && i % 1024 == 0 && clock_now_ns() > deadline_ns)
			return false;
	}
	return false;
}

CELL_EXPORT void uart_write(uint16_t port, const char *text, size_t size)
{
	struct line *line = line_of(port);
	OWN(irq_guard, guard) = irq_off();

	if (!line)
		return;
	for (size_t i = 0; i < size; i++) {
		if (i % FIFO_BYTES == 0 && !wait_for_room(line))
			return;
		machine_out8(port + THR, (uint8_t)text[i]);
	}
}

CELL("uart", 1, CELL_SERVICE, "driver of the two 16550 serial ports");
