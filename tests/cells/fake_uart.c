/* SPDX-License-Identifier: MIT */
/* The 16550; see fake_uart.h.  On the host's libc. */
#include "fake_uart.h"

#include <string.h>

#include <clew/interrupt.h>

#include "fake_machine.h"

#define FIFO 16u
#define SENT_MAX 8192u
#define LSR_DR 0x01
#define LSR_BI 0x10
#define LSR_ERRORS 0x1e

static struct {
	uint8_t fifo[FIFO], ier, fcr, lcr, mcr, msr, errors;
	bool breaks[FIFO]; /* the byte of the FIFO stands for a break */
	uint32_t count;
	bool timeout; /* of the FIFO: bytes have been there for a while */
	bool line, held, edge;
	bool stuck, absent;
	uint64_t now_ns, ns_per_poll;
	unsigned long polls;
	char sent[SENT_MAX];
	size_t n_sent;
	interrupt_handler *handler;
	void *context;
} uart;

int interrupt_attach(uint8_t vector, interrupt_handler *handler, void *context)
{
	ck_assert_uint_eq(vector, 0x23);
	uart.handler = handler;
	uart.context = context;
	return 0;
}

void fake_uart_reset(void)
{
	memset(&uart, 0, sizeof(uart));
}

void fake_uart_remove(void)
{
	fake_uart_reset();
	uart.absent = true;
}

/* ---- interrupts ------------------------------------------------------------------ */

static bool has_fifo(void)
{
	return uart.fcr & 1;
}

static uint8_t lsr(void)
{
	uint8_t value = uart.errors | (uart.stuck ? 0 : 0x60);

	if (uart.count > 0)
		value |= LSR_DR;
	if (uart.count > 0 && uart.breaks[0])
		value |= LSR_BI;
	return value;
}

/* Section 8.6 and 8.8: level of the request. */
static bool is_requested(void)
{
	static const uint8_t triggers[] = { 1, 4, 8, 14 };
	uint32_t trigger = has_fifo() ? triggers[uart.fcr >> 6] : 1;

	if ((uart.ier & 4) && (lsr() & LSR_ERRORS))
		return true;
	if ((uart.ier & 1) && uart.count > 0 && (uart.count >= trigger || uart.timeout))
		return true;
	return (uart.ier & 8) && (uart.msr & 0x0f);
}

static void settle(void)
{
	bool line = is_requested() && (uart.mcr & 8);

	if (line && !uart.line)
		uart.edge = true;
	uart.line = line;
}

static void run(void)
{
	settle();
	while (uart.edge && !uart.held && uart.handler && fake_interrupts_on()) {
		uart.edge = false;
		fake_set_interrupts(false);
		uart.handler(uart.context);
		fake_set_interrupts(true);
		settle();
	}
}

void fake_uart_hold_interrupts(bool hold)
{
	uart.held = hold;
	run();
}

bool fake_uart_line_is_up(void)
{
	return uart.line;
}

/* ---- the other side ---------------------------------------------------------------- */

static bool put(uint8_t byte, bool is_break)
{
	if (uart.count == (has_fifo() ? FIFO : 1))
		return false;
	uart.fifo[uart.count] = byte;
	uart.breaks[uart.count++] = is_break;
	uart.timeout = false;
	return true;
}

size_t fake_uart_send(const char *bytes, size_t size)
{
	size_t n = 0;

	while (n < size && put((uint8_t)bytes[n], false)) {
		n++;
		run();
	}
	return n;
}

void fake_uart_send_break(enum fake_uart_break when)
{
	put(0, when == FAKE_UART_BREAK_IN_ORDER);
	if (when == FAKE_UART_BREAK_AT_ONCE)
		uart.errors |= LSR_BI;
	run();
}

void fake_uart_pause(void)
{
	uart.timeout = true;
	run();
}

void fake_uart_set_carrier(bool up)
{
	uart.msr = (uint8_t)((up ? 0x80 : 0) | 0x08);
	run();
}

void fake_uart_set_errors(uint8_t errors)
{
	uart.errors |= errors;
	run();
}

size_t fake_uart_sent(char *to, size_t size)
{
	size_t n = uart.n_sent < size ? uart.n_sent : size;

	memcpy(to, uart.sent, n);
	return uart.n_sent;
}

void fake_uart_stop_draining(uint64_t ns_per_poll)
{
	uart.stuck = true;
	uart.ns_per_poll = ns_per_poll;
	uart.polls = 0;
}

unsigned long fake_uart_polls(void)
{
	return uart.polls;
}

uint8_t fake_uart_ier(void)
{
	return uart.ier;
}

uint8_t fake_uart_fcr(void)
{
	return uart.fcr;
}

/* ---- registers ------------------------------------------------------------------------ */

static uint8_t take(void)
{
	uint8_t byte = uart.fifo[0];

	if (uart.count == 0)
		return 0;
	uart.count--;
	memmove(uart.fifo, uart.fifo + 1, uart.count);
	memmove(uart.breaks, uart.breaks + 1, uart.count);
	uart.timeout = uart.timeout && uart.count > 0;
	return byte;
}

static uint8_t read_lsr(void)
{
	uint8_t value = lsr();

	uart.errors = 0;
	uart.breaks[0] = false;
	uart.polls++;
	fake_set_clock(uart.now_ns += uart.ns_per_poll, 0);
	return value;
}

static uint8_t read_msr(void)
{
	uint8_t value = uart.msr;

	uart.msr &= 0xf0;
	return value;
}

/* Enabling and disabling FIFOs empties them; bits 1 and 2 do so too. */
static void write_fcr(uint8_t value)
{
	if (((value ^ uart.fcr) & 1) || (value & 2))
		uart.count = 0;
	uart.fcr = value;
}

static bool is_divisor(uint32_t at)
{
	return (uart.lcr & 0x80) && at < 2;
}

uint8_t machine_in8(uint16_t port)
{
	uint32_t at = port - MACHINE_COM2;
	uint8_t value = 0xff;

	if (fake_interrupts_on())
		ck_abort_msg("a register accessed with interrupts on");
	if (uart.absent)
		return 0xff;
	if (at == 0 && !is_divisor(at))
		value = take();
	else if (at == 1 && !is_divisor(at))
		value = uart.ier;
	else if (at == 2)
		value = (uint8_t)((has_fifo() ? 0xc0 : 0) | (is_requested() ? 4 : 1));
	else if (at == 5)
		value = read_lsr();
	else if (at == 6)
		value = read_msr();
	settle();
	return value;
}

void machine_out8(uint16_t port, uint8_t value)
{
	uint32_t at = port - MACHINE_COM2;

	if (fake_interrupts_on())
		ck_abort_msg("a register accessed with interrupts on");
	if (uart.absent)
		return;
	if (at == 0 && !is_divisor(at) && uart.n_sent < SENT_MAX)
		uart.sent[uart.n_sent++] = (char)value;
	else if (at == 1 && !is_divisor(at))
		uart.ier = value;
	else if (at == 2)
		write_fcr(value);
	else if (at == 3)
		uart.lcr = value;
	else if (at == 4)
		uart.mcr = value;
	settle();
}
