/* SPDX-License-Identifier: MIT */
/*
 * The TSC as a clock and the local APIC's registers, or both counted.
 *
 * Under a seed the timer of the real APIC stays masked and its registers are
 * those of machine/apic_timer.h; all others are the device's in either case,
 * so that an EOI reaches it after an interrupt of a line.
 */
#include "machine/pc/timer.h"

#include "machine/apic_timer.h"
#include "machine/pc/cpu.h"
#include "machine/pc/pc.h"
#include "machine/pc/resident.h"
#include "machine/seed.h"

RESIDENT_FILE(
	"what a second and a random number are differs by machine, and under a seed is counted")
RESIDENT_OF("machine/seed.c", "counts time below the cells, the same on every machine")
RESIDENT_OF("machine/apic_timer.c",
	    "under a seed stands for the device that the driver cell drives")

#define RDRAND_TRIES 10 /* SDM vol. 1, 7.3.17.1 */
#define JITTER_ROUNDS 64

static struct {
	uint64_t tsc;	  /* the last one that was told */
	struct seed seed; /* `random` is also what the jitter is collected in */
	struct apic_timer apic;
} timer;

void timer_init(void)
{
	seed_init(&timer.seed, pc.seed);
	apic_timer_init(&timer.apic);
}

static bool timer_is_seeded(void)
{
	return pc.info.flags & MACHINE_SEEDED;
}

uint64_t timer_clock_ns(void)
{
	uint64_t tsc = cpu_rdtsc();

	if (timer_is_seeded())
		return timer.seed.now_ns;
	/* Firmware may set the TSC back. */
	if (tsc < timer.tsc)
		tsc = timer.tsc;
	timer.tsc = tsc;
	return (uint64_t)((unsigned __int128)(tsc - pc.clock_start) * pc.clock_multiplier >> 32);
}

static bool timer_draw_random(uint64_t *ret)
{
	bool is_there = false;

	for (int i = 0; i < RDRAND_TRIES && !is_there; i++)
		__asm__ volatile("rdrand %0" : "=r"(*ret), "=@ccc"(is_there));
	return is_there;
}

/*
 * Without RDRAND: how long the device takes to answer, in cycles.  That differs from one boot to
 * the next, but who can measure the machine can guess it: it is not for keys.
 */
static uint64_t timer_draw_jitter(void)
{
	uint64_t value = 0;

	for (int i = 0; i < JITTER_ROUNDS; i++) {
		timer_lapic_read(APIC_CURRENT_COUNT);
		timer.seed.random += cpu_rdtsc();
		value = seed_entropy(&timer.seed);
	}
	return value;
}

uint64_t timer_entropy(void)
{
	uint64_t value;

	if (timer_is_seeded())
		return seed_entropy(&timer.seed);
	if (pc.has_rdrand && timer_draw_random(&value))
		return value;
	return timer_draw_jitter();
}

/* ---- registers ---------------------------------------------------------------- */

static bool timer_is_counted(uint32_t offset)
{
	return timer_is_seeded() && (offset == APIC_LVT_TIMER || offset == APIC_INITIAL_COUNT ||
				     offset == APIC_CURRENT_COUNT || offset == APIC_DIVIDE);
}

static volatile uint32_t *timer_register(uint32_t offset)
{
	return (volatile uint32_t *)(pc.lapic + (offset & (PAGE_SIZE - 1) & ~15ul));
}

uint32_t timer_lapic_read(uint32_t offset)
{
	if (timer_is_counted(offset))
		return apic_timer_read(&timer.apic, offset, timer.seed.now_ns);
	return *timer_register(offset);
}

void timer_lapic_write(uint32_t offset, uint32_t value)
{
	if (timer_is_counted(offset))
		apic_timer_write(&timer.apic, offset, value, timer.seed.now_ns);
	else
		*timer_register(offset) = value;
}

/* ---- counted time ------------------------------------------------------------- */

uint32_t timer_step(void)
{
	seed_step(&timer.seed);
	return apic_timer_expire(&timer.apic, timer.seed.now_ns);
}

uint32_t timer_skip(void)
{
	uint64_t deadline_ns = timer.apic.deadline_ns;

	if (deadline_ns != APIC_TIMER_NEVER && timer.seed.now_ns < deadline_ns)
		timer.seed.now_ns = deadline_ns;
	return apic_timer_expire(&timer.apic, timer.seed.now_ns);
}
