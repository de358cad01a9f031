/* SPDX-License-Identifier: MIT */
/*
 * Time and entropy that follow from a seed alone, the same on every machine.
 *
 * The clock advances by counted safe points: by SEED_STEP_NS and up to
 * SEED_JITTER_NS more, drawn from the seed.  Entropy is drawn from a generator
 * of its own, so that it does not move the clock.  Freestanding; the state is
 * the caller's.
 */
#ifndef MACHINE_SEED_H
#define MACHINE_SEED_H

#include <stdint.h>

struct seed {
	uint64_t now_ns;
	uint64_t jitter, random; /* states of the two generators */
};

void seed_init(struct seed *seed, uint64_t number);

/* One safe point passes. */
void seed_step(struct seed *seed);

uint64_t seed_entropy(struct seed *seed);

#endif
