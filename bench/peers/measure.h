/* SPDX-License-Identifier: MIT */
/*
 * How a peer is measured: N rounds by the monotonic clock, the smallest and
 * the median of an operation in nanoseconds, a row NAME.vs.PEER of tabs.
 */
#ifndef BENCH_PEERS_MEASURE_H
#define BENCH_PEERS_MEASURE_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS_MAX 100000

struct samples {
	uint64_t ns[ROUNDS_MAX]; /* of a round */
	uint32_t rounds;
};

static inline uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static inline void report(struct samples *samples, uint32_t operations, const char *name,
			  const char *peer)
{
	qsort(samples->ns, samples->rounds, sizeof(samples->ns[0]), by_value);
	printf("%s.vs.%s\t%.1f\t%.1f\tns\n", name, peer, (double)samples->ns[0] / operations,
	       (double)samples->ns[samples->rounds / 2] / operations);
	fflush(stdout);
}

/* The number of rounds, from the command line. */
static inline uint32_t rounds_of(int argc, char **argv)
{
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 100;

	return rounds > 0 && rounds <= ROUNDS_MAX ? (uint32_t)rounds : 100;
}

/* Repeats a statement: `operations` of them are a round. */
#define MEASURE(samples, operations, name, peer, ...) \
	do { \
		for (uint32_t round_ = 0; round_ < (samples)->rounds; round_++) { \
			uint64_t from_ = now_ns(); \
\
			for (uint32_t i_ = 0; i_ < (operations); i_++) \
				__VA_ARGS__; \
			(samples)->ns[round_] = now_ns() - from_; \
		} \
		report((samples), (operations), (name), (peer)); \
	} while (0)

#endif
