/* SPDX-License-Identifier: MIT */
/*
 * The clock and the one-shot timer of the local APIC, real or counted.
 *
 * Real: CLOCK_MONOTONIC, and a host timer that signals the CPU's thread.
 * Under a seed there is no host timer and no host clock: time is counted by
 * safe points (machine/seed.h).  The registers are those of
 * machine/apic_timer.h in either case.
 */
#include "timer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "death.h"
#include "machine/apic_timer.h"
#include "machine/seed.h"
#include "trap.h"
#include "uart.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define NS_PER_SECOND 1000000000ull

static struct {
	bool seeded;
	struct seed seed; /* under a seed */
	timer_t host;	  /* real time only, as is boot_ns */
	uint64_t boot_ns; /* CLOCK_MONOTONIC at the start */
	struct apic_timer apic;
} timer;

static uint64_t timer_host_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

int timer_init(const uint64_t *seed)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };

	apic_timer_init(&timer.apic);
	if (seed) {
		timer.seeded = true;
		seed_init(&timer.seed, *seed);
		return 0;
	}
	event.sigev_notify_thread_id = gettid();
	timer.boot_ns = timer_host_ns();
	return timer_create(CLOCK_MONOTONIC, &event, &timer.host) < 0 ? -errno : 0;
}

uint64_t timer_clock_ns(void)
{
	return timer.seeded ? timer.seed.now_ns : timer_host_ns() - timer.boot_ns;
}

static uint64_t timer_deadline(void)
{
	return __atomic_load_n(&timer.apic.deadline_ns, __ATOMIC_RELAXED);
}

bool timer_is_armed(void)
{
	return timer_deadline() != APIC_TIMER_NEVER;
}

uint32_t timer_take_expired(void)
{
	uint32_t vector = apic_timer_expire(&timer.apic, timer_clock_ns());

	return vector > 0 ? 1u << (vector - TRAP_INTERRUPT) : 0;
}

static void timer_raise_expired(void)
{
	uint32_t vector = apic_timer_expire(&timer.apic, timer_clock_ns());

	if (vector > 0)
		trap_raise((uint8_t)vector);
}

bool timer_skip(void)
{
	if (!timer_is_armed())
		return false;
	if (timer.seed.now_ns < timer_deadline())
		timer.seed.now_ns = timer_deadline();
	timer_raise_expired();
	return true;
}

void timer_safe_point(void)
{
	if (!timer.seeded)
		return;
	seed_step(&timer.seed);
	timer_raise_expired();
}

uint64_t timer_entropy(void)
{
	uint64_t value = 0;

	if (timer.seeded)
		return seed_entropy(&timer.seed);
	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		death_exit(MACHINE_DIED, "getrandom: expected 8 bytes, found error %d", errno);
	return value;
}

static void timer_set_host(uint64_t at_ns)
{
	uint64_t host_ns = at_ns == APIC_TIMER_NEVER ? 0 : timer.boot_ns + at_ns;
	struct itimerspec when = {
		.it_value = { .tv_sec = (time_t)(host_ns / NS_PER_SECOND),
			      .tv_nsec = (long)(host_ns % NS_PER_SECOND) },
	};

	if (!timer.seeded && timer_settime(timer.host, TIMER_ABSTIME, &when, NULL) < 0)
		death_exit(MACHINE_DIED, "timer_settime: error %d", errno);
}

uint32_t timer_lapic_read(uint32_t offset)
{
	return apic_timer_read(&timer.apic, offset, timer_clock_ns());
}

void timer_lapic_write(uint32_t offset, uint32_t value)
{
	apic_timer_write(&timer.apic, offset, value, timer_clock_ns());
	if (offset == APIC_INITIAL_COUNT)
		timer_set_host(timer_deadline());
	/* The lines of the 16550s are levels: one that is still up asks again. */
	if (offset == APIC_EOI)
		uart_raise_requests();
	uart_flush_late();
}
