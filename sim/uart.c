/* SPDX-License-Identifier: MIT */
/*
 * Two 16550s as a driver sees them: registers, and lines that are up while
 * something is to be done.
 *
 * Register by register after the PC16550D data sheet (National Semiconductor,
 * table II and section 8), with the liberties of a line that is a program:
 * baud rate and frame format are kept and mean nothing, the transmitter is
 * empty at once, and a received byte leaves the line for the FIFO when the
 * driver reads it, so that a FIFO reset loses nothing.  No loopback mode.
 *
 * The registers are the CPU thread's; `received` and `modem` are shared with
 * the I/O thread without a lock.  Bytes sent are kept until a line feed, until
 * the buffer is full or until some milliseconds have passed.
 */
#include "uart.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "ring.h"
#include "timer.h"
#include "trap.h"

#define UART_PORTS 8u
#define UART_SENT_MAX 4096u
#define UART_LATE_NS 5000000u
#define UART_UNKNOWN_PORT 0xff /* what an empty bus reads as: all bits set */

enum uart_register {
	UART_DATA = 0, /* RBR, THR; DLL while DLAB */
	UART_IER = 1,  /* DLM while DLAB */
	UART_IIR = 2,  /* FCR when written */
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_MSR = 6,
	UART_SCR = 7,
};

#define IER_RECEIVED 0x01u
#define IER_TRANSMIT 0x02u
#define IER_MODEM 0x08u
#define IIR_NONE 0x01u
#define IIR_TRANSMIT 0x02u
#define IIR_RECEIVED 0x04u
#define IIR_MODEM 0x00u
#define IIR_FIFOS 0xc0u
#define FCR_ENABLE 0x01u
#define LCR_DLAB 0x80u
#define LSR_READY 0x01u
#define LSR_TRANSMIT_EMPTY 0x60u /* THRE and TEMT */
#define MSR_DELTA_DCD 0x08u
#define MSR_CTS_DSR 0x30u
#define MSR_DCD 0x80u

struct uart {
	uint16_t port;
	uint8_t vector;
	uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
	bool transmit_request; /* THRE interrupt: armed by IER or THR, cleared by IIR */
	uint8_t modem;	       /* MSR_DCD and MSR_DELTA_DCD; atomic */
	bool is_session;       /* the system has seen carrier */
	bool is_awaited;       /* the I/O thread waits for room; atomic */
	struct ring received;
	size_t n_sent;
	uint64_t sent_ns; /* when the first of them was sent */
	uint8_t sent[UART_SENT_MAX];
};

static struct uart uarts[UART_LINES];

void uart_init(void)
{
	memset(uarts, 0, sizeof(uarts));
	uarts[UART_TERMINAL].port = MACHINE_COM1;
	uarts[UART_TERMINAL].vector = MACHINE_VECTOR_COM1;
	uarts[UART_TERMINAL].modem = MSR_DCD;
	uarts[UART_CONTROL].port = MACHINE_COM2;
	uarts[UART_CONTROL].vector = MACHINE_VECTOR_COM2;
}

/* ---- the I/O thread's side -------------------------------------------------- */

size_t uart_receive(enum uart_line line, const uint8_t *bytes, size_t size)
{
	size_t n = ring_write(&uarts[line].received, bytes, size);

	trap_poke();
	return n;
}

/* The flag is up before the ring is looked at, and uart_take() does it the other way round. */
bool uart_has_room(enum uart_line line)
{
	struct uart *uart = &uarts[line];

	__atomic_store_n(&uart->is_awaited, true, __ATOMIC_SEQ_CST);
	if (ring_used(&uart->received) > RING_SIZE / 2)
		return false;
	__atomic_store_n(&uart->is_awaited, false, __ATOMIC_SEQ_CST);
	return true;
}

void uart_set_carrier(enum uart_line line, bool carrier)
{
	__atomic_store_n(&uarts[line].modem, (carrier ? MSR_DCD : 0) | MSR_DELTA_DCD,
			 __ATOMIC_SEQ_CST);
	trap_poke();
}

bool uart_carrier_is_seen(enum uart_line line)
{
	return !(__atomic_load_n(&uarts[line].ier, __ATOMIC_RELAXED) & IER_MODEM) ||
	       !(__atomic_load_n(&uarts[line].modem, __ATOMIC_SEQ_CST) & MSR_DELTA_DCD);
}

/* ---- interrupts ------------------------------------------------------------- */

/* Data sheet section 8.6: the pending interrupt of the highest priority. */
static uint8_t uart_identify(const struct uart *uart)
{
	if (uart->ier & IER_RECEIVED && ring_used(&uart->received) > 0)
		return IIR_RECEIVED;
	if (uart->ier & IER_TRANSMIT && uart->transmit_request)
		return IIR_TRANSMIT;
	if (uart->ier & IER_MODEM &&
	    __atomic_load_n(&uart->modem, __ATOMIC_RELAXED) & MSR_DELTA_DCD)
		return IIR_MODEM;
	return IIR_NONE;
}

uint32_t uart_take_requests(void)
{
	uint32_t vectors = 0;

	for (size_t i = 0; i < UART_LINES; i++) {
		if (uart_identify(&uarts[i]) != IIR_NONE)
			vectors |= 1u << (uarts[i].vector - TRAP_INTERRUPT);
	}
	return vectors;
}

void uart_raise_requests(void)
{
	for (size_t i = 0; i < UART_LINES; i++) {
		if (uart_identify(&uarts[i]) != IIR_NONE)
			trap_raise(uarts[i].vector);
	}
}

/* The line may have gone down: an interrupt that is still pending would find nothing to do. */
static void uart_settle(const struct uart *uart)
{
	if (!trap_is_pending() || uart_identify(uart) != IIR_NONE)
		return;
	trap_lower(uart->vector);
	/* A byte may have come in between, and its signal too. */
	if (uart_identify(uart) != IIR_NONE)
		trap_raise(uart->vector);
}

/* ---- bytes ------------------------------------------------------------------ */

static void uart_write_terminal(const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		struct pollfd terminal = { .fd = STDOUT_FILENO, .events = POLLOUT };
		ssize_t n = write(STDOUT_FILENO, bytes, size);

		if (n < 0 && errno == EAGAIN) {
			poll(&terminal, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* nobody is there to read it: a closed pipe, a full disk */
		bytes += n;
		size -= (size_t)n;
	}
}

void uart_flush_terminal(void)
{
	struct uart *uart = &uarts[UART_TERMINAL];
	size_t n = uart->n_sent;

	uart->n_sent = 0;
	uart_write_terminal(uart->sent, n);
}

static void uart_flush_control(void)
{
	struct uart *uart = &uarts[UART_CONTROL];

	/* A client that the system has not noticed must not get what was meant for the last one. */
	if (uart->n_sent > 0 && (uart->is_session || !(uart->ier & IER_MODEM)))
		io_send(uart->sent, uart->n_sent);
	uart->n_sent = 0;
}

void uart_flush(void)
{
	uart_flush_terminal();
	uart_flush_control();
}

void uart_flush_late(void)
{
	for (size_t i = 0; i < UART_LINES; i++) {
		if (uarts[i].n_sent > 0 && timer_clock_ns() - uarts[i].sent_ns > UART_LATE_NS)
			uart_flush();
	}
}

static void uart_send(struct uart *uart, uint8_t byte)
{
	if (uart->n_sent == 0)
		uart->sent_ns = timer_clock_ns();
	uart->sent[uart->n_sent++] = byte;
	uart->transmit_request = true;
	if (uart->ier & IER_TRANSMIT)
		trap_raise(uart->vector);
	if (byte != '\n' && uart->n_sent < UART_SENT_MAX)
		return;
	if (uart == &uarts[UART_TERMINAL])
		uart_flush_terminal();
	else
		uart_flush_control();
}

static uint8_t uart_take(struct uart *uart)
{
	uint8_t byte = 0;

	ring_read(&uart->received, &byte);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&uart->is_awaited, __ATOMIC_SEQ_CST) &&
	    ring_used(&uart->received) <= RING_SIZE / 2) {
		__atomic_store_n(&uart->is_awaited, false, __ATOMIC_SEQ_CST);
		io_wake();
	}
	return byte;
}

/* ---- registers -------------------------------------------------------------- */

static uint8_t uart_read_iir(struct uart *uart)
{
	uint8_t cause = uart_identify(uart);

	if (cause == IIR_TRANSMIT)
		uart->transmit_request = false;
	return (uint8_t)(cause | (uart->fcr & FCR_ENABLE ? IIR_FIFOS : 0));
}

/*
 * Reading clears the deltas.  It is here that a session begins and ends for both sides: what was
 * sent before belongs to another one.
 */
static uint8_t uart_read_msr(struct uart *uart)
{
	uint8_t modem = __atomic_fetch_and(&uart->modem, (uint8_t)~MSR_DELTA_DCD, __ATOMIC_SEQ_CST);

	if (modem & MSR_DELTA_DCD) {
		uart->n_sent = 0;
		uart->is_session = modem & MSR_DCD;
		if (!uart->is_session)
			ring_clear(&uart->received);
		io_wake();
	}
	return (uint8_t)(modem | MSR_CTS_DSR);
}

/* The transmitter is empty unless nobody takes what it has sent. */
static uint8_t uart_read_lsr(struct uart *uart)
{
	uint8_t value = ring_used(&uart->received) > 0 ? LSR_READY : 0;

	if (uart != &uarts[UART_CONTROL] || !io_is_busy())
		value |= LSR_TRANSMIT_EMPTY;
	return value;
}

static uint8_t uart_read(struct uart *uart, enum uart_register at)
{
	bool dlab = uart->lcr & LCR_DLAB;

	switch (at) {
	case UART_DATA:
		return dlab ? uart->dll : uart_take(uart);
	case UART_IER:
		return dlab ? uart->dlm : uart->ier;
	case UART_IIR:
		return uart_read_iir(uart);
	case UART_LCR:
		return uart->lcr;
	case UART_MCR:
		return uart->mcr;
	case UART_LSR:
		return uart_read_lsr(uart);
	case UART_MSR:
		return uart_read_msr(uart);
	case UART_SCR:
		return uart->scr;
	}
	return UART_UNKNOWN_PORT;
}

static void uart_write_ier(struct uart *uart, uint8_t value)
{
	/* Enabling the transmitter's interrupt while it is empty asks for one at once. */
	if (value & ~uart->ier & IER_TRANSMIT)
		uart->transmit_request = true;
	__atomic_store_n(&uart->ier, value & 0x0f, __ATOMIC_RELAXED);
	if (uart_identify(uart) != IIR_NONE)
		trap_raise(uart->vector);
	io_wake();
}

static void uart_write(struct uart *uart, enum uart_register at, uint8_t value)
{
	bool dlab = uart->lcr & LCR_DLAB;

	if (at == UART_DATA && dlab)
		uart->dll = value;
	else if (at == UART_DATA)
		uart_send(uart, value);
	else if (at == UART_IER && dlab)
		uart->dlm = value;
	else if (at == UART_IER)
		uart_write_ier(uart, value);
	else if (at == UART_IIR)
		uart->fcr = value;
	else if (at == UART_LCR)
		uart->lcr = value;
	else if (at == UART_MCR)
		uart->mcr = value & 0x1f;
	else if (at == UART_SCR)
		uart->scr = value;
}

static struct uart *uart_at(uint16_t port)
{
	for (size_t i = 0; i < UART_LINES; i++) {
		if (port >= uarts[i].port && port - uarts[i].port < (int)UART_PORTS)
			return &uarts[i];
	}
	return NULL;
}

uint8_t uart_in8(uint16_t port)
{
	struct uart *uart = uart_at(port);
	uint8_t value;

	if (!uart)
		return UART_UNKNOWN_PORT;
	value = uart_read(uart, port - uart->port);
	uart_settle(uart);
	return value;
}

void uart_out8(uint16_t port, uint8_t value)
{
	struct uart *uart = uart_at(port);

	if (!uart)
		return;
	uart_write(uart, port - uart->port, value);
	uart_settle(uart);
}

uint16_t uart_in16(uint16_t port)
{
	return UINT16_MAX;
}

uint32_t uart_in32(uint16_t port)
{
	return UINT32_MAX;
}

void uart_out16(uint16_t port, uint16_t value)
{
}

void uart_out32(uint16_t port, uint32_t value)
{
}
