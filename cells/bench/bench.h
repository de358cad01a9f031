/* SPDX-License-Identifier: MIT */
/* What a measurement is given, and the measurements there are. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>

/* Where a measurement puts what it measured. */
struct bench_samples {
	uint64_t *values; /* one for each round, of all its operations together */
	uint32_t rounds;
	uint32_t operations; /* in a round */
	uint32_t size;	     /* functions of the cell, frames, users: what is measured */
	uint32_t others;     /* cells loaded beside */
};

/*
 * Takes samples->rounds samples, and asserts that what it measured was done.
 * Negative: it could not be set up; -ENOENT: the archive lacks what it takes.
 */
typedef int bench_function(struct bench_samples *samples);

/* machine.c */
bench_function bench_frequency, bench_call, bench_gate_irq, bench_gate_prot;
bench_function bench_gate_clock;
bench_function bench_patch, bench_page;
/* contexts.c */
bench_function bench_switch;
/* tasks.c */
bench_function bench_yield, bench_channel, bench_rendezvous, bench_spawn, bench_fault;
bench_function bench_fault_deep;
/* linking.c */
bench_function bench_load, bench_unload, bench_swap, bench_commit;
/* stalls.c: what of the pauses (samples->size), in which interval (samples->others) */
bench_function bench_stalls;
enum bench_stall {
	BENCH_STALLS, /* how many */
	BENCH_SWAPS,  /* swaps meanwhile */
	BENCH_MEDIAN,
	BENCH_LONGEST,
};
enum bench_interval {
	BENCH_IDLE,
	BENCH_WOKEN, /* the task that would swap wakes as often, and sleeps again */
	BENCH_SWAPPING,
};
/* loading.c */
bench_function bench_load_many, bench_swap_many, bench_retire_many, bench_commit_many;

void bench_sort(uint64_t *values, uint32_t n);

/* The time stamp counter, once everything before it is done: SDM vol. 2, RDTSC. */
static inline uint64_t bench_cycles(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

#endif
