/* SPDX-License-Identifier: MIT */
/*
 * Which words may point into given pages.  Walking memory is cells/scan's.
 */
#include <clew/swap.h>

#include <clew/machine.h>
#include <clew/scan.h>

struct search {
	const struct swap_range *ranges;
	size_t count;
	swap_scan_hit *hit;
	void *context;
	uint64_t first_page, span; /* of all ranges together: the quick test */
	uintptr_t own_sp;
};

static size_t range_of(const struct search *search, uint64_t page)
{
	for (size_t i = 0; i < search->count; i++) {
		if (page - search->ranges[i].first_page < search->ranges[i].pages)
			return i;
	}
	return search->count;
}

static void look_closer(const struct search *search, const uint64_t *word)
{
	size_t range = range_of(search, *word >> PAGE_SHIFT);
	struct task *stack_of;

	if (range < search->count && scan_is_live((uintptr_t)word, search->own_sp, &stack_of))
		search->hit(search->context, word, range, stack_of);
}

static void search_page(void *context, const uint64_t *words, size_t count)
{
	const struct search *search = context;

	if (range_of(search, (uintptr_t)words >> PAGE_SHIFT) < search->count)
		return;
	for (size_t i = 0; i < count; i++) {
		if ((words[i] >> PAGE_SHIFT) - search->first_page < search->span)
			look_closer(search, &words[i]);
	}
}

static void span_ranges(struct search *search)
{
	uint64_t first = UINT64_MAX, end = 0;

	for (size_t i = 0; i < search->count; i++) {
		const struct swap_range *range = &search->ranges[i];

		if (range->pages == 0)
			continue;
		if (range->first_page < first)
			first = range->first_page;
		if (range->first_page + range->pages > end)
			end = range->first_page + range->pages;
	}
	search->first_page = first;
	search->span = end > first ? end - first : 0;
}

CELL_EXPORT void swap_scan(const struct swap_range *ranges, size_t count, bool writable_only,
			   swap_scan_hit *hit, void *context)
{
	struct search search = {
		.ranges = ranges,
		.count = count,
		.hit = hit,
		.context = context,
		.own_sp = (uintptr_t)__builtin_frame_address(0),
	};

	span_ranges(&search);
	if (search.span > 0)
		scan_pages(writable_only, search_page, &search);
}
