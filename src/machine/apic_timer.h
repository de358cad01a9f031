/* SPDX-License-Identifier: MIT */
/*
 * The registers of the local APIC's one-shot timer, in a time that the caller
 * keeps: one count is a nanosecond.  For machines without such a device, and
 * for time that follows from a seed.
 *
 * Registers: Intel SDM vol. 3, section 10.5 (LVT timer, initial count, current
 * count, divide configuration).  Only one-shot mode; a vector outside 32 to 63
 * is as good as masked.  Freestanding; the state is the caller's.
 */
#ifndef MACHINE_APIC_TIMER_H
#define MACHINE_APIC_TIMER_H

#include <stdint.h>

#define APIC_TIMER_HZ 1000000000u
#define APIC_TIMER_NEVER UINT64_MAX

enum apic_register {
	APIC_EOI = 0x0b0,
	APIC_LVT_TIMER = 0x320,
	APIC_INITIAL_COUNT = 0x380,
	APIC_CURRENT_COUNT = 0x390,
	APIC_DIVIDE = 0x3e0,
};

struct apic_timer {
	uint64_t deadline_ns; /* APIC_TIMER_NEVER: stopped; read by signal handlers: atomic */
	uint32_t lvt, initial_count, divide;
};

/* As after reset. */
void apic_timer_init(struct apic_timer *timer);

uint32_t apic_timer_read(const struct apic_timer *timer, uint32_t offset, uint64_t now_ns);

/* May change deadline_ns. */
void apic_timer_write(struct apic_timer *timer, uint32_t offset, uint32_t value, uint64_t now_ns);

/* When the deadline has come: stops the timer, returns the vector to raise.  0: nothing to raise.
 */
uint32_t apic_timer_expire(struct apic_timer *timer, uint64_t now_ns);

#endif
