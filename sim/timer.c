/* SPDX-License-Identifier: MIT */
/*
 * The clock and the one-shot timer of the local APIC, real or counted.
 *
 * Real: CLOCK_MONOTONIC, and a host timer that signals the CPU's thread.
 * Under a seed there is no host timer and no host clock: every safe point
 * advances the time by TIMER_STEP_NS and up to TIMER_JITTER_NS more, drawn
 * from the seed, so that two runs of the same system agree in every tick.
 *
 * Registers: Intel SDM vol. 3, section 10.5 (LVT timer, initial count, current
 * count, divide configuration).  Only one-shot mode is there; a vector outside
 * 32 to 63 is as good as masked.
 */
#include "timer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "death.h"
#include "trap.h"
#include "uart.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define LAPIC_EOI 0x0b0
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_INITIAL_COUNT 0x380
#define LAPIC_CURRENT_COUNT 0x390
#define LAPIC_DIVIDE 0x3e0
#define LVT_MASKED (1u << 16)
#define LVT_VECTOR 0xffu
#define LVT_WRITABLE (LVT_VECTOR | LVT_MASKED | 3u << 17)

#define TIMER_NEVER UINT64_MAX
#define TIMER_STEP_NS 1000u
#define TIMER_JITTER_NS 1024u /* a power of two */
#define NS_PER_SECOND 1000000000ull

static struct {
	bool seeded;
	timer_t host;	      /* real time only */
	uint64_t boot_ns;     /* CLOCK_MONOTONIC at the start */
	uint64_t counted_ns;  /* the clock under a seed */
	uint64_t jitter;      /* states of two generators, so that */
	uint64_t random;      /* entropy does not move the clock */
	uint64_t deadline_ns; /* read by the signal handler */
	uint32_t lvt, initial_count, divide;
} timer = { .deadline_ns = TIMER_NEVER, .lvt = LVT_MASKED };

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t timer_draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t timer_host_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

int timer_init(const uint64_t *seed)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };

	if (seed) {
		timer.seeded = true;
		timer.random = *seed;
		timer.jitter = ~*seed;
		return 0;
	}
	event.sigev_notify_thread_id = gettid();
	timer.boot_ns = timer_host_ns();
	return timer_create(CLOCK_MONOTONIC, &event, &timer.host) < 0 ? -errno : 0;
}

uint64_t timer_clock_ns(void)
{
	return timer.seeded ? timer.counted_ns : timer_host_ns() - timer.boot_ns;
}

static uint64_t timer_deadline(void)
{
	return __atomic_load_n(&timer.deadline_ns, __ATOMIC_RELAXED);
}

bool timer_is_armed(void)
{
	return timer_deadline() != TIMER_NEVER;
}

uint32_t timer_take_expired(void)
{
	uint32_t vector = timer.lvt & LVT_VECTOR;

	if (timer_deadline() > timer_clock_ns() || !timer_is_armed())
		return 0;
	__atomic_store_n(&timer.deadline_ns, TIMER_NEVER, __ATOMIC_RELAXED);
	if (timer.lvt & LVT_MASKED || vector < TRAP_INTERRUPT || vector >= TRAP_INTERRUPT + 32)
		return 0;
	return 1u << (vector - TRAP_INTERRUPT);
}

static void timer_raise_expired(void)
{
	if (timer_take_expired())
		trap_raise((uint8_t)(timer.lvt & LVT_VECTOR));
}

bool timer_skip(void)
{
	if (!timer_is_armed())
		return false;
	if (timer.counted_ns < timer.deadline_ns)
		timer.counted_ns = timer.deadline_ns;
	timer_raise_expired();
	return true;
}

void timer_safe_point(void)
{
	if (!timer.seeded)
		return;
	timer.counted_ns += TIMER_STEP_NS + (timer_draw(&timer.jitter) & (TIMER_JITTER_NS - 1));
	timer_raise_expired();
}

uint64_t timer_entropy(void)
{
	uint64_t value = 0;

	if (timer.seeded)
		return timer_draw(&timer.random);
	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		death_exit(MACHINE_DIED, "getrandom: expected 8 bytes, found error %d", errno);
	return value;
}

/* SDM figure 10-10: bits 0, 1 and 3 are the exponent less one; 111 divides by 1. */
static uint32_t timer_divisor(void)
{
	uint32_t exponent = (timer.divide & 3) | (timer.divide & 8) >> 1;

	return exponent == 7 ? 1 : 2u << exponent;
}

static void timer_set_host(uint64_t at_ns)
{
	uint64_t host_ns = at_ns == TIMER_NEVER ? 0 : timer.boot_ns + at_ns;
	struct itimerspec when = {
		.it_value = { .tv_sec = (time_t)(host_ns / NS_PER_SECOND),
			      .tv_nsec = (long)(host_ns % NS_PER_SECOND) },
	};

	if (!timer.seeded && timer_settime(timer.host, TIMER_ABSTIME, &when, NULL) < 0)
		death_exit(MACHINE_DIED, "timer_settime: error %d", errno);
}

/* Writing the initial count starts the timer; 0 stops it. */
static void timer_start(uint32_t count)
{
	uint64_t at_ns = TIMER_NEVER;

	timer.initial_count = count;
	if (count > 0)
		at_ns = timer_clock_ns() + (uint64_t)count * timer_divisor();
	__atomic_store_n(&timer.deadline_ns, at_ns, __ATOMIC_RELAXED);
	timer_set_host(at_ns);
}

static uint32_t timer_current_count(void)
{
	uint64_t deadline_ns = timer_deadline();
	uint64_t now_ns = timer_clock_ns();

	if (deadline_ns == TIMER_NEVER || deadline_ns <= now_ns)
		return 0;
	return (uint32_t)((deadline_ns - now_ns) / timer_divisor());
}

uint32_t timer_lapic_read(uint32_t offset)
{
	switch (offset) {
	case LAPIC_LVT_TIMER:
		return timer.lvt;
	case LAPIC_INITIAL_COUNT:
		return timer.initial_count;
	case LAPIC_CURRENT_COUNT:
		return timer_current_count();
	case LAPIC_DIVIDE:
		return timer.divide;
	default:
		return 0;
	}
}

void timer_lapic_write(uint32_t offset, uint32_t value)
{
	switch (offset) {
	case LAPIC_EOI:
		/* The lines of the 16550s are levels: one that is still up asks again. */
		uart_raise_requests();
		break;
	case LAPIC_LVT_TIMER:
		timer.lvt = value & LVT_WRITABLE;
		break;
	case LAPIC_INITIAL_COUNT:
		timer_start(value);
		break;
	case LAPIC_DIVIDE:
		timer.divide = value & 0xb;
		break;
	default:
		break;
	}
	uart_flush_late();
}
