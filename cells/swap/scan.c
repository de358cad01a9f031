/* SPDX-License-Identifier: MIT */
/*
 * Which words may point into given pages.  Walking memory is cells/scan's.
 */
#include <clew/swap.h>

#include <clew/machine.h>
#include <clew/scan.h>

/* Half words, four at a time: SSE2, which every x86-64 has. */
typedef uint32_t halves __attribute__((vector_size(16)));
typedef uint64_t halves_as_words __attribute__((vector_size(16)));
#define BLOCK_WORDS 16

struct search {
	const struct swap_range *ranges;
	size_t count;
	swap_scan_hit *hit;
	void *context;
	uint64_t first_page, span; /* of all ranges together: the quick test */
	uint32_t high;		   /* the upper half of every address in the span */
	bool has_high;
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

/* Whether the upper half of one of the words of a block is that of the span. */
static bool is_suspect(const uint64_t *words, halves high)
{
	const halves *at = (const halves *)words;
	halves found = { 0 };

	for (size_t i = 0; i < BLOCK_WORDS / 2; i += 2)
		found |= (halves)(__builtin_shuffle(at[i], at[i + 1], (halves){ 1, 3, 5, 7 }) ==
				  high);
	return (((halves_as_words)found)[0] | ((halves_as_words)found)[1]) != 0;
}

static void search_page(void *context, const uint64_t *words, size_t count)
{
	const struct search *search = context;
	halves high = { search->high, search->high, search->high, search->high };

	_Static_assert(PAGE_SIZE / sizeof(uint64_t) % BLOCK_WORDS == 0, "whole blocks");
	if (range_of(search, (uintptr_t)words >> PAGE_SHIFT) < search->count)
		return;
	for (size_t block = 0; block < count; block += BLOCK_WORDS) {
		if (search->has_high && !is_suspect(&words[block], high))
			continue;
		for (size_t i = block; i < block + BLOCK_WORDS; i++) {
			if ((words[i] >> PAGE_SHIFT) - search->first_page < search->span)
				look_closer(search, &words[i]);
		}
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
	search->high = (uint32_t)(first >> (32 - PAGE_SHIFT));
	search->has_high = (end - 1) >> (32 - PAGE_SHIFT) == first >> (32 - PAGE_SHIFT);
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
