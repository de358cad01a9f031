/* SPDX-License-Identifier: MIT */
/*
 * How fast the TSC and the local APIC's timer count, against the 8254.
 *
 * Counter 0 of the 8254 counts down once from 65536, which takes 55 ms; its
 * read-back command latches the count together with the state of its output,
 * which says whether the end was reached meanwhile.  (Counter 2 would need the
 * gate in port 0x61, which QEMU's microvm does not have.)  A sample is only as
 * good as the time that was needed to take it; under an emulator that may be
 * descheduled, those that took too long are not used.
 *
 * Intel 82C54 data sheet; LAPIC timer: Intel SDM vol. 3, 10.5.4.
 */
#include "machine/apic_timer.h"
#include "machine/pc/boot/boot.h"
#include "machine/pc/cpu.h"
#include "machine/pc/pc.h"
#include "machine/pc/timer.h"

#define PIT_COUNTER 0x40
#define PIT_CONTROL 0x43
#define PIT_HZ 1193182u
#define PIT_ONE_SHOT 0x30    /* counter 0, both bytes, mode 0, binary */
#define PIT_READ_BACK 0xc2   /* count and status of counter 0 */
#define PIT_STATUS_SET 0xbf  /* all of the status but "null count" */
#define PIT_STATUS_NULL 0x40 /* the count written is not loaded yet */
#define PIT_STATUS_OUT 0x80  /* the end was reached */
#define PIT_TRIES 10000

#define TICKS_MIN (PIT_HZ / 100) /* what is measured over at least */
#define ATTEMPTS 64
#define ATTEMPTS_PER_STEP 8
#define PRECISION 4096u	     /* of the first attempts; then half of it, and so on */
#define TSC_MAX (1ull << 34) /* seconds, on any CPU */

#define APIC_DIVIDE_BY_1 0xb
#define LVT_MASKED 0x10000u
#define NS_PER_SECOND 1000000000ull

struct sample {
	uint64_t tsc, width; /* the other counts were read in this many cycles around tsc */
	uint32_t apic;
	uint16_t pit;
	bool is_over; /* the 8254 has reached its end: `pit` means nothing */
};

static volatile uint32_t *apic_at(enum apic_register offset)
{
	return (volatile uint32_t *)(pc.lapic + offset);
}

static uint8_t read_pit(uint16_t *ret_count)
{
	uint8_t status = cpu_in8(PIT_COUNTER);
	uint8_t low = cpu_in8(PIT_COUNTER);

	*ret_count = (uint16_t)(cpu_in8(PIT_COUNTER) << 8 | low);
	return status;
}

/* false: nothing there that behaves like an 8254. */
static bool start_pit(void)
{
	uint16_t count;

	cpu_out8(PIT_CONTROL, PIT_ONE_SHOT);
	cpu_out8(PIT_COUNTER, 0);
	cpu_out8(PIT_COUNTER, 0);
	for (int i = 0; i < PIT_TRIES; i++) {
		uint8_t status;

		cpu_out8(PIT_CONTROL, PIT_READ_BACK);
		status = read_pit(&count);
		if ((status & PIT_STATUS_SET & ~PIT_STATUS_OUT) != PIT_ONE_SHOT)
			return false;
		if (!(status & PIT_STATUS_NULL))
			return true;
	}
	return false;
}

static struct sample take_sample(volatile uint32_t *apic_count)
{
	struct sample sample;

	sample.tsc = cpu_rdtsc();
	sample.apic = *apic_count;
	cpu_out8(PIT_CONTROL, PIT_READ_BACK);
	sample.width = cpu_rdtsc() - sample.tsc;
	sample.tsc += sample.width / 2;
	sample.is_over = read_pit(&sample.pit) & PIT_STATUS_OUT;
	return sample;
}

/* Of the first samples the one that took the shortest. */
static struct sample take_first(volatile uint32_t *apic_count)
{
	struct sample best = take_sample(apic_count);

	for (int i = 0; i < 4; i++) {
		struct sample next = take_sample(apic_count);

		if (next.width < best.width)
			best = next;
	}
	return best;
}

/* Counting down from 65536, which reads as 0. */
static uint32_t ticks_between(const struct sample *from, const struct sample *to)
{
	return (uint16_t)(from->pit - to->pit);
}

/* false: too much time went by in the middle of it. */
static bool measure(uint32_t precision, struct sample *ret_from, struct sample *ret_to)
{
	volatile uint32_t *count = apic_at(APIC_CURRENT_COUNT);
	struct sample from, to;

	*apic_at(APIC_INITIAL_COUNT) = UINT32_MAX;
	if (!start_pit())
		boot_fail("no timer to measure with: expected an 8254 at port 0x%x, found none",
			  PIT_COUNTER);
	from = take_first(count);
	do {
		to = take_sample(count);
		if (to.is_over || from.is_over)
			return false;
		if (to.tsc - from.tsc > TSC_MAX)
			boot_fail("no timer to measure with: expected an 8254 that counts, found"
				  " it standing still");
	} while (ticks_between(&from, &to) < TICKS_MIN ||
		 (from.width + to.width) * precision > to.tsc - from.tsc);
	*ret_from = from;
	*ret_to = to;
	return true;
}

static void measure_well(struct sample *ret_from, struct sample *ret_to)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		if (measure(PRECISION >> i / ATTEMPTS_PER_STEP, ret_from, ret_to))
			return;
	}
	boot_fail("clock: expected 10 ms without a pause among %d attempts to measure, found none",
		  ATTEMPTS);
}

uint32_t boot_calibrate(void)
{
	struct sample from, to;
	uint64_t ticks, hz;

	*apic_at(APIC_LVT_TIMER) = LVT_MASKED;
	*apic_at(APIC_DIVIDE) = APIC_DIVIDE_BY_1;
	measure_well(&from, &to);
	*apic_at(APIC_INITIAL_COUNT) = 0;
	ticks = ticks_between(&from, &to);
	hz = (uint64_t)(from.apic - to.apic) * PIT_HZ / ticks;
	if (hz == 0 || hz > UINT32_MAX || from.apic < to.apic)
		boot_fail("local APIC: expected a timer that counts, found %lu counts a second",
			  hz);
	/* At most 55 ms in ns, times 2^32, fits. */
	pc.clock_multiplier = (ticks * NS_PER_SECOND / PIT_HZ << 32) / (to.tsc - from.tsc);
	pc.clock_start = cpu_rdtsc();
	timer_init();
	return (uint32_t)hz;
}
