/* SPDX-License-Identifier: MIT */
/* Sorted lists of physical ranges.  Freestanding, no allocation. */
#include "machine/pc/boot/ranges.h"

void ranges_remove(struct boot_ranges *ranges, uint32_t i)
{
	ranges->n--;
	for (; i < ranges->n; i++)
		ranges->at[i] = ranges->at[i + 1];
}

/* There is room for it, and it is apart from all others. */
static void insert(struct boot_ranges *ranges, struct boot_range range)
{
	uint32_t i = ranges->n++;

	for (; i > 0 && ranges->at[i - 1].start > range.start; i--)
		ranges->at[i] = ranges->at[i - 1];
	ranges->at[i] = range;
}

static uint32_t smallest(const struct boot_ranges *ranges)
{
	uint32_t found = 0;

	for (uint32_t i = 1; i < ranges->n; i++) {
		if (range_size(ranges->at[i]) < range_size(ranges->at[found]))
			found = i;
	}
	return found;
}

static uint64_t gap_after(const struct boot_ranges *ranges, uint32_t i)
{
	return ranges->at[i + 1].start - ranges->at[i].end;
}

static uint64_t distance(struct boot_range a, struct boot_range b)
{
	return a.start < b.start ? b.start - a.end : a.start - b.end;
}

/* Extends a range over the gap to the next. */
static void cover_gap_after(struct boot_ranges *ranges, uint32_t i)
{
	ranges->at[i].end = ranges->at[i + 1].end;
	ranges_remove(ranges, i + 1);
}

/* Of the gaps that there would be with `range`, the smallest is covered. */
static void add_by_covering(struct boot_ranges *ranges, struct boot_range range)
{
	uint32_t gap = 0, nearest = 0;

	for (uint32_t i = 0; i < ranges->n; i++) {
		if (distance(ranges->at[i], range) < distance(ranges->at[nearest], range))
			nearest = i;
		if (i + 1 < ranges->n && gap_after(ranges, i) < gap_after(ranges, gap))
			gap = i;
	}
	if (gap_after(ranges, gap) < distance(ranges->at[nearest], range)) {
		cover_gap_after(ranges, gap);
		insert(ranges, range);
		return;
	}
	if (range.start < ranges->at[nearest].start)
		ranges->at[nearest].start = range.start;
	else
		ranges->at[nearest].end = range.end;
}

void ranges_add(struct boot_ranges *ranges, struct boot_range range, enum ranges_full full)
{
	if (!range_size(range))
		return;
	for (uint32_t i = ranges->n; i-- > 0;) {
		struct boot_range old = ranges->at[i];

		if (old.start > range.end || range.start > old.end)
			continue;
		range.start = old.start < range.start ? old.start : range.start;
		range.end = old.end > range.end ? old.end : range.end;
		ranges_remove(ranges, i);
	}
	if (ranges->n < BOOT_RANGES_MAX) {
		insert(ranges, range);
	} else if (full == RANGES_COVER_GAP) {
		add_by_covering(ranges, range);
	} else if (range_size(ranges->at[smallest(ranges)]) < range_size(range)) {
		ranges_remove(ranges, smallest(ranges));
		insert(ranges, range);
	}
}

void ranges_keep_largest(struct boot_ranges *ranges, uint32_t max)
{
	while (ranges->n > max)
		ranges_remove(ranges, smallest(ranges));
}

uint64_t ranges_total(const struct boot_ranges *ranges)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < ranges->n; i++)
		total += range_size(ranges->at[i]);
	return total;
}
