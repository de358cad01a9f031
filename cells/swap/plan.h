/* SPDX-License-Identifier: MIT */
/*
 * The plan of a swap: which words change, and to what.  Internal to the cell.
 *
 * Slots and entries of text, and the records that say what is current, are
 * words alike; so the commit is one loop.
 */
#ifndef SWAP_PLAN_H
#define SWAP_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "link/record.h"

struct swap_plan {
	struct link_pair *pairs; /* borrowed from the caller */
	uint32_t n_pairs;
	uint32_t n_slots, n_entries, n_pinned;
};

/* Bytes of pairs that a plan for this version may need. */
size_t plan_size(const struct link_version *next);

void plan_make(struct swap_plan *plan, struct link_version *next);

#endif
