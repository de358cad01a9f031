/* SPDX-License-Identifier: MIT */
/*
 * Lists of physical ranges that are sorted by address and apart: between two
 * of them there is at least a byte.  Freestanding, no allocation.
 */
#ifndef PC_BOOT_RANGES_H
#define PC_BOOT_RANGES_H

#include "machine/pc/boot/boot.h"

/* What gives way when a list of BOOT_RANGES_MAX is to hold one more. */
enum ranges_full {
	RANGES_DROP_SMALLEST, /* for what may be used: less of it is safe */
	RANGES_COVER_GAP,     /* for what must not: the smallest gap is covered too */
};

static inline uint64_t range_size(struct boot_range range)
{
	return range.end > range.start ? range.end - range.start : 0;
}

static inline bool range_overlaps(struct boot_range a, struct boot_range b)
{
	return range_size(a) && range_size(b) && a.start < b.end && b.start < a.end;
}

/* Adds the range, which may overlap others; an empty one (end <= start) adds nothing. */
void ranges_add(struct boot_ranges *ranges, struct boot_range range, enum ranges_full full);

/* The list without its smallest ranges, so that at most `max` are left. */
void ranges_keep_largest(struct boot_ranges *ranges, uint32_t max);

void ranges_remove(struct boot_ranges *ranges, uint32_t i);

/* Bytes of all ranges. */
uint64_t ranges_total(const struct boot_ranges *ranges);

#endif
