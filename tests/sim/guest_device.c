/* SPDX-License-Identifier: MIT */
/*
 * The 16550s by their data sheet (PC16550D), the lines behind them, the trace.
 */
#include "base/string.h"
#include "guest.h"

enum {
	DATA,
	IER,
	IIR,
	LCR,
	MCR,
	LSR,
	MSR,
	SCR
};

static uint8_t in(int at)
{
	return machine_in8((uint16_t)(MACHINE_COM2 + at));
}

static void out(int at, uint8_t value)
{
	machine_out8((uint16_t)(MACHINE_COM2 + at), value);
}

/* Table I: register values after a master reset. */
static void reset_values(void)
{
	for (int i = 0; i < 2; i++) {
		uint16_t port = i ? MACHINE_COM2 : MACHINE_COM1;

		GUEST_CHECK(machine_in8(port + IER) == 0);
		GUEST_CHECK(machine_in8(port + IIR) == 0x01);
		GUEST_CHECK(machine_in8(port + LCR) == 0);
		GUEST_CHECK(machine_in8(port + MCR) == 0);
		GUEST_CHECK(machine_in8(port + LSR) == 0x60);
		GUEST_CHECK((machine_in8(port + MSR) & 0x0f) == 0);
	}
	GUEST_CHECK(machine_in8(MACHINE_COM2 + MSR) == 0x30); /* CTS and DSR, no carrier */
	GUEST_CHECK(machine_in8(0x80) == 0xff);
	machine_out8(0x80, 1);
}

static void registers(void)
{
	out(SCR, 0xa5);
	GUEST_CHECK(in(SCR) == 0xa5);
	out(LCR, 0x83);
	out(DATA, 0x34);
	out(IER, 0x12);
	GUEST_CHECK(in(DATA) == 0x34 && in(IER) == 0x12);
	out(LCR, 0x03);
	GUEST_CHECK(in(LCR) == 0x03);
	GUEST_CHECK(in(IER) == 0);
	out(IER, 0xff);
	GUEST_CHECK(in(IER) == 0x0f); /* bits 4 to 7 are always 0 */
	out(MCR, 0xff);
	GUEST_CHECK(in(MCR) == 0x1f); /* bits 5 to 7 are always 0 */
	/* Section 8.4: enabling ETBEI with THR empty asks at once; reading IIR clears it. */
	out(IER, 0x02);
	GUEST_CHECK(in(IIR) == 0x02);
	GUEST_CHECK(in(IIR) == 0x01);
	out(IER, 0);
	/* FIFOs enabled: IIR bits 6 and 7. */
	out(IIR, 0x01);
	GUEST_CHECK(in(IIR) == 0xc1);
	out(IIR, 0x00);
	GUEST_CHECK(in(IIR) == 0x01);
}

static uint64_t n_interrupts;

static void console_handler(struct trap_frame *frame)
{
	uint8_t cause = machine_in8(MACHINE_COM1 + IIR);

	GUEST_CHECK(frame->vector == MACHINE_VECTOR_COM1);
	n_interrupts++;
	/* Received data, maybe in a FIFO; none when an earlier interrupt has taken it. */
	GUEST_CHECK((cause & 1) != 0 || (cause & 0x37) == 0x04);
	while (machine_in8(MACHINE_COM1 + LSR) & 1) {
		uint8_t byte = machine_in8(MACHINE_COM1 + DATA);

		if (byte == 4) {
			guest_say("%s", n_interrupts > 0 ? "end\n" : "");
			machine_halt(MACHINE_DOWN);
		}
		guest_put(byte);
	}
	machine_lapic_write(0xb0, 0);
	machine_resume(frame);
}

/* Echoes what is typed until the end of input. */
static void echo(void)
{
	guest_set_handlers(NULL, console_handler);
	machine_out8(MACHINE_COM1 + MCR, 0x0b); /* OUT2 lets interrupts through on a PC */
	machine_out8(MACHINE_COM1 + IER, 1);
	while (true)
		machine_idle();
}

static void say(const char *text)
{
	for (; *text; text++)
		out(DATA, (uint8_t)*text);
}

/* After the header's line feed each of these bytes has its answer. */
static void answer(uint8_t byte)
{
	if (byte == '9')
		say("out 3\nyesdone 7\n");
	else if (byte == '!')
		say("error 2\nnodone 1\n");
	else if (byte == '&')
		say("what is this\n");
	else if (byte == '?')
		say("out 99\nhalf");
	else if (byte == '#')
		say("done 0\n");
	if (byte == '?' || byte == '#')
		machine_halt(MACHINE_DOWN);
}

static bool in_payload;

static void control_handler(struct trap_frame *frame)
{
	uint8_t modem = in(MSR);

	GUEST_CHECK(frame->vector == MACHINE_VECTOR_COM2);
	if (modem & 0x08)
		guest_say("%s\n", modem & 0x80 ? "[carrier" : "carrier]");
	if (!(modem & 0x80))
		in_payload = false;
	while (in(LSR)&1) {
		uint8_t byte = in(DATA);

		guest_say("%c", byte);
		if (in_payload)
			answer(byte);
		in_payload = in_payload || byte == '\n';
	}
	machine_lapic_write(0xb0, 0);
	machine_resume(frame);
}

static void control(void)
{
	guest_set_handlers(NULL, control_handler);
	out(IER, 0x09);
	guest_say("ready\n");
	while (true)
		machine_idle();
}

/* Speaks for a while without looking who listens, then as `control`. */
static void stale(void)
{
	uint64_t end;

	out(IER, 0x09);
	guest_say("ready\n");
	end = machine_clock_ns() + 300000000;
	while (machine_clock_ns() < end)
		say("stale\n");
	control();
}

/* 8 MiB to a client that reads nothing: the line gets busy, then the client is given up. */
static void flood(void)
{
	uint64_t busy = 0;

	while (!(in(MSR)&0x80))
		;
	for (size_t i = 0; i < 8 << 20 && in(MSR)&0x80; i++) {
		while (!(in(LSR)&0x20))
			busy++;
		out(DATA, 'x');
	}
	guest_say("%s %s\n", busy > 0 ? "busy" : "idle", in(MSR)&0x80 ? "connected" : "given up");
}

static void trace(void)
{
	GUEST_CHECK(machine_info()->flags & MACHINE_TRACE);
	for (int i = 0; i < 20000; i++)
		machine_trace("{\"event\":1}", 11);
}

void guest_ud2(void);

static void trace_then_die(void)
{
	machine_trace("{\"event\":2}", 11);
	guest_ud2();
}

static void fail(void)
{
	guest_say("bytes without a line feed are not lost");
	machine_log("log\n", 4);
	machine_halt(MACHINE_COMMAND_FAILED);
}

static void spin(void)
{
	guest_say("spinning\n");
	while (true)
		;
}

const struct guest_scenario guest_device_scenarios[] = {
	{ "reset_values", reset_values },
	{ "registers_of_16550", registers },
	{ "echo", echo },
	{ "control", control },
	{ "flood", flood },
	{ "stale", stale },
	{ "trace", trace },
	{ "trace_then_die", trace_then_die },
	{ "fail", fail },
	{ "spin", spin },
	{ 0 },
};
