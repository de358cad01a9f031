/* SPDX-License-Identifier: MIT */
/*
 * Frame allocator: one bit for each frame of physical memory, first fit.
 *
 * It hands out numbers, not access: memory.h maps them.  It does not know who
 * owns a frame, only how many are used for what.  Freestanding; does not
 * allocate: the bitmap lies in frames it takes in frame_init.  Every access to
 * the state is made with interrupts off, in time linear in the words of the
 * bitmap and the runs passed over.
 *
 * Frames that are given back mapped are unmapped together.  Until then they
 * are free, but nobody is given them, and nobody is told of them as used.
 *
 * Invariants: total = free + sum of used[]; no bit below `lowest` is clear.
 */
#include <clew/frame.h>

#include <clew/cell.h>
#include <clew/irq.h>
#include <clew/panic.h>

#include "base/string.h"

OWN_IMPLEMENTS(frames, "the word is the run that the bitmap marks as used");

#define COUNT_MAX ((1u << 24) - 1)
#define FRAMES_MAX (1ull << 32)
#define WORD_BITS 64
#define STALE_RUNS 16

struct frame_state {
	uint64_t *bitmap;  /* bit set: used, the machine's, or no memory */
	uintptr_t window;  /* address of frame 0 */
	uint64_t n_frames; /* bits of the bitmap in use */
	uint64_t lowest;
	uint64_t total;
	uint64_t free;
	uint64_t used[FRAME_KINDS];
	/* Runs that are free but mapped, so not to be found: their bits are set. */
	frames stale[STALE_RUNS];
	uint64_t n_stale, stale_frames;
};

CELL_STATE(frame, "which frames are free is what the allocator is for; their owners hold the rest");

/* ---- the word of an owner ------------------------------------------------- */

static frames pack(uint64_t number, uint64_t count, enum frame_kind kind)
{
	return (frames){ number << 32 | count << 8 | ((uint64_t)kind + 1) };
}

static uint64_t run_number(frames run)
{
	return run.word >> 32;
}

static uint64_t run_count(frames run)
{
	return run.word >> 8 & COUNT_MAX;
}

static uint64_t run_kind(frames run)
{
	return (run.word & 0xff) - 1;
}

/* ---- the bitmap ----------------------------------------------------------- */

/* The bits of bitmap word `word` that stand for frames of [first, end). */
static uint64_t word_mask(uint64_t word, uint64_t first, uint64_t end)
{
	uint64_t base = word * WORD_BITS;
	uint64_t mask = ~0ull;

	if (first > base)
		mask <<= first - base;
	if (end - base < WORD_BITS)
		mask &= (1ull << (end - base)) - 1;
	return mask;
}

/* The first frame of [at, limit) that is used, or is free; limit: none. */
static uint64_t next_frame(uint64_t at, uint64_t limit, bool used)
{
	while (at < limit) {
		uint64_t word = frame_state.bitmap[at / WORD_BITS];

		word = (used ? word : ~word) & ~0ull << at % WORD_BITS;
		at = at / WORD_BITS * WORD_BITS;
		if (word != 0) {
			at += (uint64_t)__builtin_ctzll(word);
			return at < limit ? at : limit;
		}
		at += WORD_BITS;
	}
	return limit;
}

static void mark(uint64_t first, uint64_t end, bool used)
{
	for (uint64_t word = first / WORD_BITS; word * WORD_BITS < end; word++) {
		uint64_t mask = word_mask(word, first, end);

		if (used)
			frame_state.bitmap[word] |= mask;
		else
			frame_state.bitmap[word] &= ~mask;
	}
}

/* ---- what is free but mapped ------------------------------------------------ */

static bool settle(void)
{
	bool any = frame_state.n_stale > 0;

	for (uint64_t i = 0; i < frame_state.n_stale; i++) {
		frames run = frame_state.stale[i];
		uint64_t first = run_number(run), count = run_count(run);

		/* A word that names the run would make the ledger think that somebody owns it. */
		frame_state.stale[i] = (frames)OWNER_EMPTY;
		machine_unmap(frame_state.window + (first << PAGE_SHIFT), count);
		mark(first, first + count, false);
		if (first < frame_state.lowest)
			frame_state.lowest = first;
	}
	frame_state.n_stale = 0;
	frame_state.stale_frames = 0;
	return any;
}

static bool is_stale(uint64_t first, uint64_t count)
{
	for (uint64_t i = 0; i < frame_state.n_stale; i++) {
		frames run = frame_state.stale[i];

		if (first < run_number(run) + run_count(run) && run_number(run) < first + count)
			return true;
	}
	return false;
}

/* A run that goes on where the last one ends is one with it: one call of the machine. */
static void add_stale(uint64_t first, uint64_t count)
{
	frames *last = &frame_state.stale[frame_state.n_stale - 1];

	if (frame_state.n_stale > 0 && run_number(*last) + run_count(*last) == first)
		*last = pack(run_number(*last), run_count(*last) + count, FRAME_BUFFER);
	else
		frame_state.stale[frame_state.n_stale++] = pack(first, count, FRAME_BUFFER);
	frame_state.stale_frames += count;
	if (frame_state.n_stale == STALE_RUNS || frame_state.stale_frames >= FRAME_STALE_MAX)
		settle();
}

/* The first run of `count` free frames; n_frames: there is none. */
static uint64_t find_run(uint64_t count)
{
	uint64_t n = frame_state.n_frames;
	uint64_t first = next_frame(frame_state.lowest, n, false);

	frame_state.lowest = first;
	while (first < n) {
		uint64_t limit = n - first < count ? n : first + count;
		uint64_t end = next_frame(first, limit, true);

		if (end - first == count)
			return first;
		first = next_frame(end, n, false);
	}
	return n;
}

/* Interrupts off, the range is free. */
static frames take(uint64_t first, uint64_t count, enum frame_kind kind)
{
	mark(first, first + count, true);
	if (first == frame_state.lowest)
		frame_state.lowest = first + count;
	frame_state.free -= count;
	frame_state.used[kind] += count;
	return pack(first, count, kind);
}

/* ---- boot ----------------------------------------------------------------- */

static bool is_memory(const struct machine_region *region)
{
	return region->kind != MACHINE_REGION_MACHINE;
}

/* What is of no use once the system runs: freed by who erases it. */
static bool is_nano(const struct machine_region *region)
{
	return region->kind == MACHINE_REGION_NANO_CORE || region->kind == MACHINE_REGION_BOOT;
}

static uintptr_t region_end(const struct machine_region *region)
{
	return region->start + region->size;
}

static bool region_is_sound(const struct machine_info *info, const struct machine_region *region)
{
	uintptr_t end;

	if (region->kind < MACHINE_REGION_FREE || region->kind > MACHINE_REGION_BOOT)
		return false;
	if (region->start % PAGE_SIZE != 0 || region->size % PAGE_SIZE != 0 || region->size == 0)
		return false;
	if (region->start < info->window ||
	    __builtin_add_overflow(region->start, region->size, &end))
		return false;
	return !is_memory(region) || (end - info->window) >> PAGE_SHIFT <= FRAMES_MAX;
}

static bool regions_are_sound(const struct machine_info *info)
{
	if (info->n_regions > MACHINE_REGIONS_MAX || info->window % PAGE_SIZE != 0)
		return false;
	for (uint32_t i = 0; i < info->n_regions; i++) {
		const struct machine_region *a = &info->regions[i];

		if (!region_is_sound(info, a))
			return false;
		for (uint32_t j = 0; j < i; j++) {
			const struct machine_region *b = &info->regions[j];

			if (a->start < region_end(b) && b->start < region_end(a))
				return false;
		}
	}
	return true;
}

static uint64_t count_frames(const struct machine_info *info)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < info->n_regions; i++) {
		const struct machine_region *region = &info->regions[i];
		uint64_t end = (region_end(region) - info->window) >> PAGE_SHIFT;

		if (is_memory(region) && end > n)
			n = end;
	}
	return n;
}

/* Where the bitmap goes: the end of the first free region that holds it; 0: none does. */
static uintptr_t bitmap_place(const struct machine_info *info, size_t pages)
{
	for (uint32_t i = 0; i < info->n_regions; i++) {
		const struct machine_region *region = &info->regions[i];

		if (region->kind == MACHINE_REGION_FREE && region->size >= pages * PAGE_SIZE)
			return region_end(region) - pages * PAGE_SIZE;
	}
	return 0;
}

static void count_region(const struct machine_region *region)
{
	uint64_t first = (region->start - frame_state.window) >> PAGE_SHIFT;
	uint64_t count = region->size >> PAGE_SHIFT;

	if (!is_memory(region))
		return;
	frame_state.total += count;
	if (is_nano(region)) {
		frame_state.used[FRAME_NANO] += count;
	} else if (region->kind == MACHINE_REGION_MODULE) {
		frame_state.used[FRAME_MODULE] += count;
	} else {
		frame_state.free += count;
		mark(first, first + count, false);
	}
}

CELL_EXPORT int frame_init(const struct machine_info *info)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t n_frames, n_words;
	size_t pages;
	uintptr_t place;
	int r;

	if (frame_state.bitmap)
		return -EALREADY;
	if (!regions_are_sound(info))
		return -EINVAL;
	n_frames = count_frames(info);
	n_words = (n_frames + WORD_BITS - 1) / WORD_BITS;
	pages = (n_words * sizeof(uint64_t) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	place = bitmap_place(info, pages);
	if (place == 0)
		return -ENOMEM;
	r = machine_map(place, pages, MACHINE_RW);
	if (r < 0)
		return r;
	memset((void *)place, 0xff, pages * PAGE_SIZE);
	frame_state = (struct frame_state){
		.bitmap = (uint64_t *)place,
		.window = info->window,
		.n_frames = n_frames,
	};
	for (uint32_t i = 0; i < info->n_regions; i++)
		count_region(&info->regions[i]);
	take((place - info->window) >> PAGE_SHIFT, pages, FRAME_TABLE);
	return 0;
}

/* ---- owners --------------------------------------------------------------- */

static bool are_kind_and_count_sound(size_t count, enum frame_kind kind)
{
	return count > 0 && count <= COUNT_MAX && (unsigned int)kind < FRAME_KINDS;
}

/* Frame number of an address; false: not `count` whole frames of the memory. */
static bool to_number(uintptr_t start, size_t count, uint64_t *ret)
{
	uint64_t first = (start - frame_state.window) >> PAGE_SHIFT;

	if (start % PAGE_SIZE != 0 || start < frame_state.window || first >= frame_state.n_frames ||
	    count > frame_state.n_frames - first)
		return false;
	*ret = first;
	return true;
}

CELL_EXPORT int frame_alloc(size_t count, enum frame_kind kind, frames *ret)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t first;

	if (!are_kind_and_count_sound(count, kind))
		return -EINVAL;
	if (count > frame_state.free)
		return -ENOMEM;
	first = find_run(count);
	if (first == frame_state.n_frames && settle())
		first = find_run(count);
	if (first == frame_state.n_frames)
		return -ENOMEM;
	PUT(*ret, take(first, count, kind));
	return 0;
}

CELL_EXPORT int frame_claim(uintptr_t start, size_t count, enum frame_kind kind, frames *ret)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t first;

	if (!are_kind_and_count_sound(count, kind) || !to_number(start, count, &first))
		return -EINVAL;
	settle();
	if (next_frame(first, first + count, true) != first + count)
		return -EBUSY;
	PUT(*ret, take(first, count, kind));
	return 0;
}

/* Panics on a word that cannot be an owner's; empty ones excluded by the caller. */
static void check_in_use(frames run)
{
	uint64_t first = run_number(run), count = run_count(run), kind = run_kind(run);

	if (kind >= FRAME_KINDS || count == 0 || first >= frame_state.n_frames ||
	    count > frame_state.n_frames - first)
		panic("frame: not a run of frames");
	if (next_frame(first, first + count, false) != first + count ||
	    frame_state.used[kind] < count || is_stale(first, count))
		panic("frame: the run is not in use");
}

CELL_EXPORT void frame_free(frames run)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t first = run_number(run), count = run_count(run);

	if (IS_EMPTY(run))
		return;
	check_in_use(run);
	mark(first, first + count, false);
	if (first < frame_state.lowest)
		frame_state.lowest = first;
	frame_state.used[run_kind(run)] -= count;
	frame_state.free += count;
}

CELL_EXPORT void frame_retire(frames run)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t first = run_number(run), count = run_count(run);

	if (IS_EMPTY(run))
		return;
	check_in_use(run);
	frame_state.used[run_kind(run)] -= count;
	frame_state.free += count;
	add_stale(first, count);
	/* What plain pointers lead to, blocks and stacks, faults from now on. */
	if (run_kind(run) != FRAME_BUFFER && frame_state.n_stale > 0)
		settle();
}

CELL_EXPORT bool frame_settle(void)
{
	OWN(irq_guard, guard) = irq_off();

	return settle();
}

CELL_EXPORT void frames_cleanup(frames *place)
{
	frame_free(MOVE(*place));
}

CELL_EXPORT frames frame_rekind(frames run, enum frame_kind kind)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t count = run_count(run);

	if (IS_EMPTY(run))
		return run;
	check_in_use(run);
	if ((unsigned int)kind >= FRAME_KINDS)
		panic("frame: no such kind");
	frame_state.used[run_kind(run)] -= count;
	frame_state.used[kind] += count;
	return pack(run_number(run), count, kind);
}

static bool is_of_kind(const struct machine_region *region, enum frame_kind kind)
{
	if (kind == FRAME_NANO)
		return is_nano(region);
	return kind == FRAME_MODULE && region->kind == MACHINE_REGION_MODULE;
}

static bool is_in_region(uintptr_t start, size_t count, enum frame_kind kind)
{
	const struct machine_info *info = machine_info();

	for (uint32_t i = 0; i < info->n_regions; i++) {
		const struct machine_region *region = &info->regions[i];

		if (is_of_kind(region, kind) && start >= region->start &&
		    start < region_end(region) &&
		    count <= (region_end(region) - start) >> PAGE_SHIFT)
			return true;
	}
	return false;
}

CELL_EXPORT frames frame_adopt_region(uintptr_t start, size_t count, enum frame_kind kind)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t first;
	frames run;

	if (!are_kind_and_count_sound(count, kind) || !to_number(start, count, &first) ||
	    !is_in_region(start, count, kind))
		panic("frame: not part of a boot region of that kind");
	run = pack(first, count, kind);
	check_in_use(run);
	return run;
}

CELL_EXPORT int frame_split(frames run, size_t count, frames *ret_low, frames *ret_high)
{
	uint64_t first = run_number(run), all = run_count(run);

	if (count == 0 || count >= all)
		return -EINVAL;
	*ret_low = pack(first, count, run_kind(run));
	*ret_high = pack(first + count, all - count, run_kind(run));
	return 0;
}

CELL_EXPORT uintptr_t frame_start(const frames *run)
{
	return IS_EMPTY(*run) ? 0 : frame_state.window + (run_number(*run) << PAGE_SHIFT);
}

CELL_EXPORT size_t frame_count(const frames *run)
{
	return run_count(*run);
}

CELL_EXPORT bool frame_is_run(const frames *run)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t first = run_number(*run), end = first + run_count(*run);

	if ((run->word & 0xff) == 0 || run_kind(*run) >= FRAME_KINDS || end == first ||
	    end > frame_state.n_frames || is_stale(first, end - first))
		return false;
	return next_frame(first, end, false) == end;
}

/* ---- what there is -------------------------------------------------------- */

static uint64_t largest_free_run(void)
{
	uint64_t n = frame_state.n_frames, largest = 0;
	uint64_t first = next_frame(frame_state.lowest, n, false);

	while (first < n) {
		uint64_t end = next_frame(first, n, true);

		if (end - first > largest)
			largest = end - first;
		first = next_frame(end, n, false);
	}
	return largest;
}

CELL_EXPORT void frame_usage(struct frame_usage *ret)
{
	OWN(irq_guard, guard) = irq_off();

	settle();
	*ret = (struct frame_usage){
		.total = frame_state.total,
		.free = frame_state.free,
		.largest_free_run = largest_free_run(),
	};
	memcpy(ret->used, frame_state.used, sizeof(ret->used));
}

CELL_EXPORT const char *frame_kind_name(enum frame_kind kind)
{
	switch (kind) {
	case FRAME_ARENA:
		return "arena";
	case FRAME_NANO:
		return "nano_core";
	case FRAME_MODULE:
		return "module";
	case FRAME_HEAP:
		return "heap";
	case FRAME_STACK:
		return "stack";
	case FRAME_BUFFER:
		return "buffer";
	case FRAME_TABLE:
		return "table";
	case FRAME_KINDS:
		break;
	}
	return "unknown";
}

/* The region of memory with the lowest start that ends above `at`. */
static const struct machine_region *region_above(uintptr_t at)
{
	const struct machine_info *info = machine_info();
	const struct machine_region *found = NULL;

	for (uint32_t i = 0; i < info->n_regions; i++) {
		const struct machine_region *region = &info->regions[i];

		if (is_memory(region) && region_end(region) > at &&
		    (!found || region->start < found->start))
			found = region;
	}
	return found;
}

CELL_EXPORT int frame_next_run(uintptr_t at, bool *ret_used, uintptr_t *ret_start,
			       size_t *ret_count)
{
	OWN(irq_guard, guard) = irq_off();
	uintptr_t start = (at + PAGE_SIZE - 1) & -PAGE_SIZE;
	const struct machine_region *region = start < at ? NULL : region_above(start);
	uint64_t first, limit;
	bool used;

	if (!region || !frame_state.bitmap)
		return -ENOENT;
	if (start < region->start)
		start = region->start;
	settle();
	first = (start - frame_state.window) >> PAGE_SHIFT;
	limit = (region_end(region) - frame_state.window) >> PAGE_SHIFT;
	used = next_frame(first, limit, true) == first;
	*ret_used = used;
	*ret_start = start;
	*ret_count = next_frame(first, limit, !used) - first;
	return 0;
}

CELL_HANDOVER(frame);

CELL("frame", 1, CELL_SERVICE, "frame allocator: runs of physical frames, owned by value");
