/* SPDX-License-Identifier: MIT */
/* Time of the pc machine: TSC and local APIC, or counted under a seed. */
#ifndef PC_TIMER_H
#define PC_TIMER_H

#include <clew/machine.h>

/* By the boot code, once pc.seed is known. */
void timer_init(void);

/* The implementations of machine.h. */
uint64_t timer_clock_ns(void);
uint64_t timer_entropy(void);
uint32_t timer_lapic_read(uint32_t offset);
void timer_lapic_write(uint32_t offset, uint32_t value);

/*
 * Under a seed: advances the clock by a safe point (timer_step), or to the
 * timer's moment (timer_skip).  Returns the vector of the interrupt that is
 * due, else 0; the gate raises it.
 */
uint32_t timer_step(void);
uint32_t timer_skip(void);

#endif
