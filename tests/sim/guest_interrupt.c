/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of the timer: held back, taken late, taken anywhere.
 */
#include "base/string.h"
#include "guest.h"

#define LVT_TIMER 0x320
#define INITIAL_COUNT 0x380
#define CURRENT_COUNT 0x390
#define DIVIDE 0x3e0
#define EOI 0xb0
#define DIVIDE_BY_1 0xb
#define LVT_MASKED 0x10000u

extern struct trap_frame guest_set, guest_seen;
extern uint64_t guest_interrupts;

uint64_t guest_toggle(uint64_t times);
void guest_spin_all(uint64_t until);

static uint32_t rearm_ns; /* 0: once */

static uint32_t counts(uint64_t ns)
{
	return (uint32_t)((ns * machine_info()->timer_hz + 999999999) / 1000000000);
}

static void handler(struct trap_frame *frame)
{
	GUEST_CHECK(frame->vector == MACHINE_VECTOR_TIMER);
	GUEST_CHECK(!machine_irq_save());
	*(volatile uint64_t *)&guest_interrupts += 1;
	machine_lapic_write(EOI, 0);
	if (rearm_ns)
		machine_lapic_write(INITIAL_COUNT, counts(rearm_ns));
	machine_resume(frame);
}

static uint64_t interrupts(void)
{
	return *(volatile uint64_t *)&guest_interrupts;
}

static void set_timer(uint32_t ns)
{
	machine_lapic_write(DIVIDE, DIVIDE_BY_1);
	machine_lapic_write(LVT_TIMER, MACHINE_VECTOR_TIMER);
	machine_lapic_write(INITIAL_COUNT, counts(ns));
}

static void wait_ns(uint64_t ns)
{
	uint64_t until = machine_clock_ns() + ns;

	while (machine_clock_ns() < until)
		;
}

static void held_back(void)
{
	guest_set_handlers(NULL, handler);
	GUEST_CHECK(!machine_irq_save());
	set_timer(1000);
	wait_ns(5000000);
	GUEST_CHECK(interrupts() == 0);
	machine_irq_restore(false);
	GUEST_CHECK(interrupts() == 0);
	machine_irq_restore(true);
	GUEST_CHECK(interrupts() == 1);
	GUEST_CHECK(machine_irq_save());
	GUEST_CHECK(!machine_irq_save());
	machine_irq_restore(true);
	GUEST_CHECK(interrupts() == 1);
}

static void masked(void)
{
	uint64_t start;

	guest_set_handlers(NULL, handler);
	machine_lapic_write(DIVIDE, DIVIDE_BY_1);
	GUEST_CHECK(machine_lapic_read(LVT_TIMER) == LVT_MASKED); /* SDM: value after reset */
	machine_irq_restore(true);
	machine_lapic_write(INITIAL_COUNT, counts(1000));
	wait_ns(3000000);
	GUEST_CHECK(interrupts() == 0);
	GUEST_CHECK(machine_lapic_read(CURRENT_COUNT) == 0);
	set_timer(1000000000);
	GUEST_CHECK(machine_lapic_read(CURRENT_COUNT) > counts(500000000));
	GUEST_CHECK(machine_lapic_read(CURRENT_COUNT) <= counts(1000000000));
	machine_lapic_write(INITIAL_COUNT, 0);
	GUEST_CHECK(machine_lapic_read(CURRENT_COUNT) == 0);
	/* SDM figure 10-10: 0 divides by 2, 1010b by 128. */
	machine_lapic_write(DIVIDE, 0xa);
	start = machine_clock_ns();
	machine_lapic_write(INITIAL_COUNT, counts(100000));
	while (interrupts() == 0)
		;
	GUEST_CHECK(machine_clock_ns() - start >= 100000 * 128);
}

/* With interrupts on, in a loop that never calls the machine. */
static void anywhere(void)
{
	guest_set_handlers(NULL, handler);
	machine_irq_restore(true);
	set_timer(100000);
	while (interrupts() == 0)
		;
}

static void registers(void)
{
	uint64_t *r = &guest_set.rax;

	guest_set_handlers(NULL, handler);
	for (size_t i = 0; i < 16; i++)
		r[i] = 0x1111111111111111u * i + 5;
	__asm__ volatile("fxsave64 %0" : "=m"(guest_set.fx));
	for (size_t i = 0; i < 256; i++)
		guest_set.fx[160 + i] = (uint8_t)(i * 7);
	rearm_ns = 20000;
	machine_irq_restore(true);
	set_timer(rearm_ns);
	guest_spin_all(1000);
	machine_irq_save();
	guest_seen.rsp = guest_set.rsp;
	GUEST_CHECK(memcmp(guest_set.fx + 160, guest_seen.fx + 160, 256) == 0);
	GUEST_CHECK(memcmp(&guest_set.rax, &guest_seen.rax, 128) == 0);
}

/* Interrupts that hit the gates themselves, where they are taken late. */
static void gates(void)
{
	guest_set_handlers(NULL, handler);
	rearm_ns = 20000;
	set_timer(rearm_ns);
	while (interrupts() < 20000)
		GUEST_CHECK(guest_toggle(1000) == 0);
}

/*
 * For test_gates.c, which stops at the breakpoint, goes on instruction by
 * instruction and sends the timer's signal at one of them, another one in
 * each round.  No call follows: an interrupt that was lost never comes.
 */
#define ROUNDS 320

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void expect_interrupts(uint64_t n)
{
	uint64_t found;

	for (int i = 0; i < 1000000 && interrupts() < n; i++)
		;
	found = interrupts(); /* before a call brings the rest */
	GUEST_CHECK(found == n);
}

static void stepped_restore(void)
{
	guest_set_handlers(NULL, handler);
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		set_timer(1);
		breakpoint();
		machine_irq_restore(true);
		expect_interrupts(i);
		machine_irq_save();
	}
}

/* A function of the machine that is called with interrupts on. */
static void stepped_call(void)
{
	guest_set_handlers(NULL, handler);
	machine_irq_restore(true);
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		set_timer(1);
		breakpoint();
		GUEST_CHECK(machine_prot_at((uintptr_t)guest_say) == MACHINE_RX);
		expect_interrupts(i);
	}
}

/* Goes on behind the ud2, with interrupts on and a register changed. */
static void skip_ud2(struct trap_frame *frame)
{
	frame->rip += 2;
	frame->rflags |= TRAP_RFLAGS_IF;
	frame->rbx += 1;
	set_timer(1);
	breakpoint();
	machine_resume(frame);
}

static void stepped_resume(void)
{
	guest_set_handlers(skip_ud2, handler);
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		uint64_t rbx = i * 0x0101010101010101u;

		__asm__ volatile("ud2" : "+b"(rbx) : : "memory");
		GUEST_CHECK(rbx == i * 0x0101010101010101u + 1);
		expect_interrupts(i);
		machine_irq_save();
	}
}

static void idle(void)
{
	uint64_t start;

	guest_set_handlers(NULL, handler);
	start = machine_clock_ns();
	for (uint64_t i = 1; i <= 20; i++) {
		set_timer(1000000);
		machine_idle();
		GUEST_CHECK(interrupts() == i);
		GUEST_CHECK(!machine_irq_save());
	}
	GUEST_CHECK(machine_clock_ns() - start >= 20000000);
}

static void standstill(void)
{
	guest_set_handlers(NULL, handler);
	guest_say("no newline");
	machine_idle();
}

/* Under a seed the clock, the ticks and the entropy are the same in every run. */
static void seeded(void)
{
	guest_set_handlers(NULL, handler);
	GUEST_CHECK(machine_info()->flags & MACHINE_SEEDED);
	GUEST_CHECK(machine_clock_ns() == machine_clock_ns());
	rearm_ns = 10000;
	set_timer(rearm_ns);
	machine_irq_restore(true);
	for (int i = 0; i < 200; i++) {
		machine_safe_point();
		guest_say("%lu %lu\n", machine_clock_ns(), interrupts());
	}
	machine_irq_save();
	machine_idle();
	guest_say("%lu %lu %lx\n", machine_clock_ns(), interrupts(), machine_entropy());
	GUEST_CHECK(interrupts() > 10 && interrupts() < 60);
}

static void unseeded(void)
{
	uint64_t a = machine_entropy();

	GUEST_CHECK(!(machine_info()->flags & MACHINE_SEEDED));
	GUEST_CHECK(a != machine_entropy());
	machine_safe_point();
}

const struct guest_scenario guest_interrupt_scenarios[] = {
	{ "held_back", held_back },
	{ "masked", masked },
	{ "anywhere", anywhere },
	{ "registers", registers },
	{ "gates", gates },
	{ "stepped_restore", stepped_restore },
	{ "stepped_call", stepped_call },
	{ "stepped_resume", stepped_resume },
	{ "idle", idle },
	{ "standstill", standstill },
	{ "seeded", seeded },
	{ "unseeded", unseeded },
	{ 0 },
};
