/* SPDX-License-Identifier: MIT */
/*
 * Driver of the local APIC's timer in one-shot mode: one alarm in absolute
 * time.  Which alarm is wanted is the task cell's business.
 *
 * Registers: Intel SDM vol. 3, table 11-1 and figures 11-8, 11-10.  Called
 * with interrupts off; does not allocate or block.
 */
#include <clew/clock.h>

#include <stddef.h>

#include <clew/cell.h>
#include <clew/interrupt.h>
#include <clew/irq.h>
#include <clew/machine.h>

#define LAPIC_LVT_TIMER 0x320u	   /* bits 0-7 vector, 16 mask, 17-18 mode: 0 one-shot */
#define LAPIC_INITIAL_COUNT 0x380u /* a write starts the count-down; 0 stops it */
#define LAPIC_DIVIDE 0x3e0u
#define LAPIC_DIVIDE_BY_1 0xbu

struct lapic_timer_state {
	uint64_t alarm_at_ns; /* CLOCK_NEVER: none */
	void (*alarm)(void);
	uint64_t hz;
};

CELL_STATE(lapic_timer,
	   "the device has one alarm, and a count of 32 bits reaches only part of the way");

/* The count that ends at or after delta_ns, or the longest there is. */
static uint32_t lapic_timer_count(uint64_t hz, uint64_t delta_ns)
{
	uint64_t longest_ns = UINT32_MAX * NS_PER_S / hz;
	uint64_t count;

	if (delta_ns >= longest_ns)
		return UINT32_MAX;
	count = (delta_ns * hz + NS_PER_S - 1) / NS_PER_S;
	return count == 0 ? 1 : (uint32_t)count;
}

static void lapic_timer_arm(struct lapic_timer_state *state)
{
	uint64_t now_ns;
	uint32_t count = 0;

	if (state->alarm_at_ns != CLOCK_NEVER) {
		now_ns = clock_now_ns();
		count = lapic_timer_count(
			state->hz, state->alarm_at_ns > now_ns ? state->alarm_at_ns - now_ns : 0);
	}
	machine_lapic_write(LAPIC_INITIAL_COUNT, count);
}

static void lapic_timer_interrupt(void *context)
{
	struct lapic_timer_state *state = &lapic_timer_state;

	(void)context;
	if (state->alarm_at_ns == CLOCK_NEVER)
		return;
	if (clock_now_ns() < state->alarm_at_ns) {
		lapic_timer_arm(state);
		return;
	}
	state->alarm_at_ns = CLOCK_NEVER;
	state->alarm();
}

CELL_EXPORT void clock_set_alarm(uint64_t at_ns)
{
	struct lapic_timer_state *state = &lapic_timer_state;

	if (state->hz == 0)
		return;
	state->alarm_at_ns = at_ns;
	lapic_timer_arm(state);
}

CELL_EXPORT int clock_init(void (*alarm)(void))
{
	struct lapic_timer_state *state = &lapic_timer_state;
	OWN(irq_guard, guard) = irq_off();
	int r;

	if (machine_info()->timer_hz == 0)
		return -ENODEV;
	r = interrupt_attach(MACHINE_VECTOR_TIMER, lapic_timer_interrupt, NULL);
	if (r != 0)
		return r;
	state->alarm_at_ns = CLOCK_NEVER;
	state->alarm = alarm;
	state->hz = machine_info()->timer_hz;
	machine_lapic_write(LAPIC_DIVIDE, LAPIC_DIVIDE_BY_1);
	machine_lapic_write(LAPIC_LVT_TIMER, MACHINE_VECTOR_TIMER);
	machine_lapic_write(LAPIC_INITIAL_COUNT, 0);
	return 0;
}

CELL("lapic_timer", 1, CELL_SERVICE, "driver of the local APIC's one-shot timer");
