/* SPDX-License-Identifier: MIT */
/* What the machine's own functions cost, and next to them a call to another cell. */
#include "bench.h"

#include <clew/frame.h>
#include <clew/machine.h>
#include <clew/memory.h>
#include <clew/panic.h>

#define MEASURE(samples, operation) \
	for (uint32_t round_ = 0; round_ < (samples)->rounds; round_++) { \
		uint64_t from_ = bench_cycles(); \
\
		for (uint32_t i_ = 0; i_ < (samples)->operations; i_++) \
			operation; \
		(samples)->values[round_] = bench_cycles() - from_; \
	}

#define FREQUENCY_NS 1000000ull

/* What a cycle of the others is: of the time stamp counter, by the machine's clock. */
int bench_frequency(struct bench_samples *samples)
{
	for (uint32_t round = 0; round < samples->rounds; round++) {
		uint64_t from_ns = machine_clock_ns(), to_ns = from_ns, from = bench_cycles(), to;

		while (to_ns - from_ns < FREQUENCY_NS)
			to_ns = machine_clock_ns();
		to = bench_cycles();
		samples->values[round] = (to - from) * 1000000 / (to_ns - from_ns);
	}
	return 0;
}

int bench_call(struct bench_samples *samples)
{
	static const frames none = OWNER_EMPTY;
	uintptr_t sum = 0;

	MEASURE(samples, sum += frame_start(&none));
	assert(sum == 0);
	return 0;
}

int bench_gate_irq(struct bench_samples *samples)
{
	uint64_t were_on = 0;

	MEASURE(samples, ({
			bool on = machine_irq_save();

			machine_irq_restore(on);
			were_on += on;
		}));
	assert(were_on == (uint64_t)samples->rounds * samples->operations);
	return 0;
}

int bench_gate_prot(struct bench_samples *samples)
{
	OWN(map_rw, page) = OWNER_EMPTY;
	uint64_t right = 0;
	int r = map_rw_new(1, FRAME_BUFFER, &page);

	if (r < 0)
		return r;
	MEASURE(samples, right += machine_prot_at((uintptr_t)map_rw_at(&page)) == MACHINE_RW);
	assert(right == (uint64_t)samples->rounds * samples->operations);
	return 0;
}

int bench_gate_clock(struct bench_samples *samples)
{
	uint64_t last = 0, backwards = 0;

	MEASURE(samples, ({
			uint64_t now = machine_clock_ns();

			backwards += now < last;
			last = now;
		}));
	assert(backwards == 0 && last != 0);
	return 0;
}

int bench_patch(struct bench_samples *samples)
{
	OWN(map_rw, page) = OWNER_EMPTY;
	OWN(map_ro, sealed) = OWNER_EMPTY;
	uint64_t word = 0;
	int r = map_rw_new(1, FRAME_BUFFER, &page);

	if (r == 0)
		r = map_rw_seal(&page, &sealed);
	if (r < 0)
		return r;
	MEASURE(samples, ({
			word++;
			machine_patch((uintptr_t)map_ro_at(&sealed), &word, sizeof(word));
		}));
	assert(*(const volatile uint64_t *)map_ro_at(&sealed) == word);
	return 0;
}

/* Owned, touched and dropped; a new page is zero. */
static int use_page(void)
{
	OWN(map_rw, page) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &page);
	volatile uint64_t *word;

	if (r < 0)
		return r;
	word = map_rw_at(&page);
	assert(*word == 0);
	*word = 1;
	return 0;
}

int bench_page(struct bench_samples *samples)
{
	uint64_t failed = 0;

	MEASURE(samples, failed += use_page() < 0);
	return failed > 0 ? -ENOMEM : 0;
}
