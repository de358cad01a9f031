/* SPDX-License-Identifier: MIT */
/*
 * Five registers and a deadline.
 */
#include "machine/apic_timer.h"

#define LVT_MASKED (1u << 16)
#define LVT_VECTOR 0xffu
#define LVT_MODE (3u << 17)
#define LVT_WRITABLE (LVT_VECTOR | LVT_MASKED | LVT_MODE)
#define DIVIDE_WRITABLE 0xbu

#define VECTOR_FIRST 32u
#define VECTOR_END 64u

static uint64_t apic_timer_deadline(const struct apic_timer *timer)
{
	return __atomic_load_n(&timer->deadline_ns, __ATOMIC_RELAXED);
}

static void apic_timer_set_deadline(struct apic_timer *timer, uint64_t at_ns)
{
	__atomic_store_n(&timer->deadline_ns, at_ns, __ATOMIC_RELAXED);
}

void apic_timer_init(struct apic_timer *timer)
{
	apic_timer_set_deadline(timer, APIC_TIMER_NEVER);
	timer->lvt = LVT_MASKED;
	timer->initial_count = 0;
	timer->divide = 0;
}

/* SDM figure 10-10: bits 0, 1 and 3 are the exponent less one; 111 divides by 1. */
static uint32_t apic_timer_divisor(const struct apic_timer *timer)
{
	uint32_t exponent = (timer->divide & 3) | (timer->divide & 8) >> 1;

	return exponent == 7 ? 1 : 2u << exponent;
}

static uint32_t apic_timer_current_count(const struct apic_timer *timer, uint64_t now_ns)
{
	uint64_t deadline_ns = apic_timer_deadline(timer);

	if (deadline_ns == APIC_TIMER_NEVER || deadline_ns <= now_ns)
		return 0;
	return (uint32_t)((deadline_ns - now_ns) / apic_timer_divisor(timer));
}

uint32_t apic_timer_read(const struct apic_timer *timer, uint32_t offset, uint64_t now_ns)
{
	switch (offset) {
	case APIC_LVT_TIMER:
		return timer->lvt;
	case APIC_INITIAL_COUNT:
		return timer->initial_count;
	case APIC_CURRENT_COUNT:
		return apic_timer_current_count(timer, now_ns);
	case APIC_DIVIDE:
		return timer->divide;
	default:
		return 0;
	}
}

/* Writing the initial count starts the timer; 0 stops it. */
static void apic_timer_start(struct apic_timer *timer, uint32_t count, uint64_t now_ns)
{
	uint64_t at_ns = APIC_TIMER_NEVER;

	timer->initial_count = count;
	if (count > 0)
		at_ns = now_ns + (uint64_t)count * apic_timer_divisor(timer);
	apic_timer_set_deadline(timer, at_ns);
}

void apic_timer_write(struct apic_timer *timer, uint32_t offset, uint32_t value, uint64_t now_ns)
{
	switch (offset) {
	case APIC_LVT_TIMER:
		timer->lvt = value & LVT_WRITABLE;
		break;
	case APIC_INITIAL_COUNT:
		apic_timer_start(timer, value, now_ns);
		break;
	case APIC_DIVIDE:
		timer->divide = value & DIVIDE_WRITABLE;
		break;
	default:
		break;
	}
}

uint32_t apic_timer_expire(struct apic_timer *timer, uint64_t now_ns)
{
	uint64_t deadline_ns = apic_timer_deadline(timer);
	uint32_t vector = timer->lvt & LVT_VECTOR;

	if (deadline_ns == APIC_TIMER_NEVER || deadline_ns > now_ns)
		return 0;
	apic_timer_set_deadline(timer, APIC_TIMER_NEVER);
	if (timer->lvt & LVT_MASKED || vector < VECTOR_FIRST || vector >= VECTOR_END)
		return 0;
	return vector;
}
