/* SPDX-License-Identifier: MIT */
/*
 * The arena's pools: page runs of text, constants and data, mapped once.
 *
 * Internal to the linker cell.  Page granular, so that a page of text belongs
 * to one version and an address finds it by one look-up.
 */
#ifndef LINKER_POOL_H
#define LINKER_POOL_H

#include <clew/machine.h>

#include "link/record.h"

enum pool_kind {
	POOL_TEXT,
	POOL_CONSTANTS,
	POOL_DATA,
	POOLS
};

struct pool {
	uintptr_t start;
	uint32_t pages;
	uint32_t used; /* pages */
	uint32_t hint; /* where the next search begins */
	uint32_t reserved;
	uint64_t *bitmap; /* the heap's; 1: used */
};

bool pool_is_used(const struct pool *pool, uint32_t page);

/* bytes 0: an empty extent.  -ENOMEM: no run of that length is free. */
MUST_USE int pool_alloc(struct pool *pool, uint64_t bytes, struct link_extent *ret);

/* Fills the extent (text: int3, else zero) and gives it back; accepts an empty one. */
void pool_free(struct pool *pool, enum pool_kind kind, struct link_extent *extent);

#endif
