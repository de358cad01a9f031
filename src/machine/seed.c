/* SPDX-License-Identifier: MIT */
/*
 * Counted time and entropy out of one number.
 */
#include "machine/seed.h"

#define SEED_STEP_NS 1000u
#define SEED_JITTER_NS 1024u /* a power of two */

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t seed_draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

void seed_init(struct seed *seed, uint64_t number)
{
	seed->now_ns = 0;
	seed->jitter = ~number;
	seed->random = number;
}

void seed_step(struct seed *seed)
{
	seed->now_ns += SEED_STEP_NS + (seed_draw(&seed->jitter) & (SEED_JITTER_NS - 1));
}

uint64_t seed_entropy(struct seed *seed)
{
	return seed_draw(&seed->random);
}
