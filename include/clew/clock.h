/* SPDX-License-Identifier: MIT */
/*
 * Interface of the timer driver: one alarm, in absolute time.
 *
 * Provided by the cell `lapic_timer`, which drives the one-shot timer of the
 * local APIC.  The task cell is its one client: it asks for the next moment
 * at which something is due and is called at or after it.
 */
#ifndef CLEW_CLOCK_H
#define CLEW_CLOCK_H

#include <stdint.h>

#include <clew/errors.h>
#include <clew/machine.h>

#define CLOCK_NEVER UINT64_MAX
#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

static inline uint64_t clock_now_ns(void)
{
	return machine_clock_ns();
}

/* Replaces the alarm; CLOCK_NEVER disarms.  Interrupts off. */
void clock_set_alarm(uint64_t at_ns);

/* Called once: who is told.  The handler runs as interrupt.h says. */
MUST_USE int clock_init(void (*alarm)(void));

#endif
