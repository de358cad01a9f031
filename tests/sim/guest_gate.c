/* SPDX-License-Identifier: MIT */
/*
 * The pc machine's gates: on a stack without room, interrupted anywhere, and
 * what a trap handler finds and leaves.
 */
#include "base/string.h"
#include "guest.h"

#define LVT_TIMER 0x320
#define INITIAL_COUNT 0x380
#define DIVIDE 0x3e0
#define EOI 0xb0
#define DIVIDE_BY_1 0xb
#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc

#define INTERRUPTS 20000
#define RET 0xc3
/* FXSAVE: SDM vol. 1, table 10-2. */
#define FX_X87_CONTROL 0
#define FX_MXCSR 24

uint64_t guest_toggle(uint64_t times);
void guest_load_words(void);
void guest_load_words_end(void);
void guest_call_on_stack(void);
void guest_call_on_stack_after(void);
void guest_int_nmi(void);
void guest_int_machine_check(void);
void guest_sysenter(void);

static struct {
	uint64_t n, in_machine;
	uintptr_t low, high; /* text of the machine that the system calls */
} interrupts;

static const struct trap_frame *try(void (*code)(void), uint64_t rdi)
{
	return guest_try((uintptr_t)code, rdi);
}

static void find_machine(void)
{
	const struct machine_info *info = machine_info();

	interrupts.low = UINTPTR_MAX;
	for (uint32_t i = 0; i < info->n_symbols; i++) {
		uintptr_t at = info->symbols[i].address;

		if (at < interrupts.low)
			interrupts.low = at;
		if (at > interrupts.high)
			interrupts.high = at;
	}
}

static void arm(void)
{
	uint64_t jitter = machine_clock_ns() % 8;
	uint32_t count = machine_info()->timer_hz / 100000;

	machine_lapic_write(INITIAL_COUNT, count + count * (uint32_t)jitter / 16);
}

/* Whoever unwinds takes a frame without tables for a leaf's: *rsp is the return address. */
static void check_handler(struct trap_frame *frame)
{
	interrupts.n++;
	if (frame->rip >= interrupts.low && frame->rip <= interrupts.high) {
		interrupts.in_machine++;
		GUEST_CHECK(machine_prot_at(*(const uint64_t *)frame->rsp) == MACHINE_RX);
		GUEST_CHECK(*(const uint8_t *)frame->rip != RET);
	}
	machine_lapic_write(EOI, 0);
	arm();
	machine_resume(frame);
}

static void start_timer(void)
{
	find_machine();
	guest_set_handlers(NULL, check_handler);
	machine_lapic_write(DIVIDE, DIVIDE_BY_1);
	machine_lapic_write(LVT_TIMER, MACHINE_VECTOR_TIMER);
	arm();
}

static void interrupted(void)
{
	start_timer();
	while (*(volatile uint64_t *)&interrupts.n < INTERRUPTS) {
		GUEST_CHECK(guest_toggle(100) == 0);
		machine_irq_restore(true);
		for (int i = 0; i < 100; i++)
			GUEST_CHECK(machine_prot_at(16) == MACHINE_NONE);
		GUEST_CHECK(machine_irq_save());
	}
	/* Else nothing was shown. */
	GUEST_CHECK(interrupts.in_machine > 0);
}

/* Each wait is ended by one interrupt, and that is the caller's, not the machine's. */
static void waits(void)
{
	start_timer();
	for (uint64_t i = 1; i <= INTERRUPTS / 4; i++) {
		machine_idle();
		GUEST_CHECK(interrupts.n == i);
		GUEST_CHECK(!machine_irq_save());
	}
	GUEST_CHECK(interrupts.in_machine == 0);
}

/* Room for the return address and no more: the fault is the caller's, as at the call. */
static void full_stack(void)
{
	uintptr_t at = guest_pages(2);
	uintptr_t low = at + PAGE_SIZE;
	const struct trap_frame *frame;

	guest_set_handlers(guest_catch, NULL);
	machine_unmap(at, 1);
	machine_irq_restore(true);
	frame = try(guest_call_on_stack, low + 8);
	GUEST_CHECK(frame->vector == TRAP_PF && frame->address == low - 8);
	GUEST_CHECK(frame->rip == (uintptr_t)machine_prot_at && frame->rsp == low);
	GUEST_CHECK(*(const uint64_t *)low == (uintptr_t)guest_call_on_stack_after);
	GUEST_CHECK(frame->rflags & TRAP_RFLAGS_IF);
	/* With a word more it is called, and its own code goes on: to a ud2. */
	frame = try(guest_call_on_stack, low + 16);
	GUEST_CHECK(frame->vector == TRAP_UD);
	GUEST_CHECK(frame->rip == (uintptr_t)guest_call_on_stack_after);
	GUEST_CHECK(frame->rsp == low + 16);
}

/* The frame has the program's control words, the handler begins with the ABI's. */
static void words_handler(struct trap_frame *frame)
{
	uint16_t x87;
	uint32_t mxcsr;

	__asm__ volatile("fnstcw %0\n\tstmxcsr %1" : "=m"(x87), "=m"(mxcsr));
	GUEST_CHECK(x87 == 0x37f && mxcsr == 0x1f80);
	memcpy(&x87, frame->fx + FX_X87_CONTROL, sizeof(x87));
	memcpy(&mxcsr, frame->fx + FX_MXCSR, sizeof(mxcsr));
	GUEST_CHECK(x87 == 0x340 && mxcsr == 0x1d80);
	GUEST_CHECK(frame->rip == (uintptr_t)guest_load_words_end);
	GUEST_CHECK(frame->rflags & TRAP_RFLAGS_DF);
	guest_catch(frame);
}

static void control_words(void)
{
	guest_set_handlers(words_handler, NULL);
	GUEST_CHECK(try(guest_load_words, 0) != NULL);
}

/* What a flipped bit may make of an instruction: error codes by SDM vol. 3, 6.13. */
static void instructions(void)
{
	const struct trap_frame *frame;

	guest_set_handlers(guest_catch, guest_catch);
	frame = try(guest_int_nmi, 0);
	GUEST_CHECK(frame->vector == TRAP_GP && frame->error == (2 << 3 | 2));
	GUEST_CHECK(frame->rip == (uintptr_t)guest_int_nmi);
	frame = try(guest_int_machine_check, 0);
	GUEST_CHECK(frame->vector == TRAP_GP && frame->error == (18 << 3 | 2));
	GUEST_CHECK(frame->rip == (uintptr_t)guest_int_machine_check);
	frame = try(guest_sysenter, 0);
	GUEST_CHECK(frame->vector == TRAP_SYSCALL && frame->error == 0);
	GUEST_CHECK(frame->rip == (uintptr_t)guest_sysenter);
}

/* The identity of the host bridge, by configuration mechanism 1: bytes of one word. */
static void ports(void)
{
	uint32_t word;

	machine_out32(PCI_ADDRESS, 0x80000000);
	word = machine_in32(PCI_DATA);
	GUEST_CHECK(word != 0 && word != UINT32_MAX);
	GUEST_CHECK(machine_in16(PCI_DATA) == (word & 0xffff));
	GUEST_CHECK(machine_in16(PCI_DATA + 2) == word >> 16);
	GUEST_CHECK(machine_in8(PCI_DATA + 1) == (word >> 8 & 0xff));
	machine_out32(PCI_ADDRESS, 0);
	GUEST_CHECK(machine_in32(PCI_DATA) == UINT32_MAX);
}

static void bad_source(void)
{
	guest_set_handlers(guest_catch, NULL);
	machine_patch(guest_memory(1), (const void *)16, 8);
}

static void bad_frame(void)
{
	guest_set_handlers(guest_catch, NULL);
	machine_resume((const struct trap_frame *)16);
}

const struct guest_scenario guest_gate_scenarios[] = {
	{ "interrupted", interrupted },
	{ "waits", waits },
	{ "full_stack", full_stack },
	{ "control_words", control_words },
	{ "instructions", instructions },
	{ "ports", ports },
	{ "bad_source", bad_source },
	{ "bad_frame", bad_frame },
	{ 0 },
};
