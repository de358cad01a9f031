/* SPDX-License-Identifier: MIT */
/*
 * Conservative search for pointers: every word that could be one counts.
 *
 * Not memory.c, which owns pages; this only reads them.  What is used comes
 * from the frame allocator, what can be read from the machine.
 */
#include <clew/memory.h>

#include <clew/cell.h>
#include <clew/frame.h>
#include <clew/machine.h>

struct scan {
	const struct memory_range *ranges;
	size_t count;
	memory_scan_hit *hit;
	void *context;
	uint64_t first_page, last_page; /* of all ranges together: the quick test */
};

static size_t range_of(const struct scan *scan, uint64_t page)
{
	for (size_t i = 0; i < scan->count; i++) {
		if (page - scan->ranges[i].first_page < scan->ranges[i].pages)
			return i;
	}
	return scan->count;
}

static void scan_page(const struct scan *scan, const uint64_t *words)
{
	for (size_t i = 0; i < PAGE_SIZE / sizeof(*words); i++) {
		uint64_t page = words[i] >> PAGE_SHIFT;
		size_t range;

		if (page - scan->first_page > scan->last_page - scan->first_page)
			continue;
		range = range_of(scan, page);
		if (range < scan->count)
			scan->hit(scan->context, &words[i], range);
	}
}

static void scan_run(const struct scan *scan, uintptr_t start, size_t pages, bool writable_only)
{
	for (size_t i = 0; i < pages; i++) {
		uintptr_t va = start + i * PAGE_SIZE;
		enum machine_prot prot = machine_prot_at(va);

		if (prot == MACHINE_NONE || (writable_only && prot != MACHINE_RW) ||
		    range_of(scan, va >> PAGE_SHIFT) < scan->count)
			continue;
		scan_page(scan, (const uint64_t *)va);
	}
}

CELL_EXPORT void memory_scan(const struct memory_range *ranges, size_t count, bool writable_only,
			     memory_scan_hit *hit, void *context)
{
	struct scan scan = {
		.ranges = ranges,
		.count = count,
		.hit = hit,
		.context = context,
		.first_page = UINT64_MAX,
	};
	uintptr_t start = 0;
	size_t pages = 0;
	bool used;

	for (size_t i = 0; i < count; i++) {
		uint64_t last = ranges[i].first_page + ranges[i].pages - 1;

		if (ranges[i].pages == 0)
			continue;
		if (ranges[i].first_page < scan.first_page)
			scan.first_page = ranges[i].first_page;
		if (last > scan.last_page)
			scan.last_page = last;
	}
	if (scan.first_page == UINT64_MAX)
		return;
	while (frame_next_run(start, &used, &start, &pages) == 0) {
		if (used)
			scan_run(&scan, start, pages, writable_only);
		start += pages * PAGE_SIZE;
	}
}
