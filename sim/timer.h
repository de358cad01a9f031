/* SPDX-License-Identifier: MIT */
/*
 * Time of the hosted machine: a clock, the local APIC's timer, entropy.
 */
#ifndef SIM_TIMER_H
#define SIM_TIMER_H

#include <clew/machine.h>

/* seed NULL: real time. -errno. */
MUST_USE int timer_init(const uint64_t *seed);

bool timer_is_armed(void);

/* Vectors (bit n: 32 + n) of the timer when its time has come; async-signal-safe. */
uint32_t timer_take_expired(void);

/* Under a seed: lets the time pass until the timer's moment; false: it is not armed. */
bool timer_skip(void);

/* The implementations of machine.h. */
uint64_t timer_clock_ns(void);
void timer_safe_point(void);
uint64_t timer_entropy(void);
uint32_t timer_lapic_read(uint32_t offset);
void timer_lapic_write(uint32_t offset, uint32_t value);

#endif
