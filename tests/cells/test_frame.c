/* SPDX-License-Identifier: MIT */
/*
 * The frame allocator against a naive model: one byte for each frame.
 */
#include <clew/frame.h>

#include <stdlib.h>
#include <string.h>

#include "fake_machine.h"

#define MODEL_MAX 4096
#define COUNT_MAX ((1ul << 24) - 1)

/* What the model holds of a frame. */
enum {
	FREE,
	MACHINE,
	USED
}; /* USED + kind */

static uint8_t model[MODEL_MAX];
static uint64_t n_model;

static void model_region(uint64_t page, uint64_t pages, enum machine_region_kind kind)
{
	static const uint8_t content[] = {
		[MACHINE_REGION_FREE] = FREE,
		[MACHINE_REGION_NANO_CORE] = USED + FRAME_NANO,
		[MACHINE_REGION_MODULE] = USED + FRAME_MODULE,
		[MACHINE_REGION_MACHINE] = MACHINE,
		[MACHINE_REGION_BOOT] = USED + FRAME_NANO,
	};

	fake_region(page, pages, kind);
	memset(model + page, content[kind], pages);
	if (kind != MACHINE_REGION_MACHINE && page + pages > n_model)
		n_model = page + pages;
}

/* Starts with everything outside the regions as no memory. */
static void start(void)
{
	fake_start();
	memset(model, MACHINE, sizeof(model));
}

static void init(void)
{
	uint64_t table = 0;
	uint64_t pages = (n_model + PAGE_SIZE * 8 - 1) / (PAGE_SIZE * 8);

	ck_assert_int_eq(frame_init(machine_info()), 0);
	/* The bitmap is the allocator's choice: find it as the one used run inside free memory. */
	for (uint64_t i = 0; i < n_model; i++) {
		bool used;
		uintptr_t at;
		size_t count;

		if (model[i] != FREE)
			continue;
		ck_assert_int_eq(frame_next_run(FAKE_PAGE(i), &used, &at, &count), 0);
		if (used) {
			model[i] = USED + FRAME_TABLE;
			table++;
		}
	}
	ck_assert_uint_eq(table, pages);
}

static uint64_t model_find(uint64_t count)
{
	uint64_t run = 0;

	for (uint64_t i = 0; i < n_model; i++) {
		run = model[i] == FREE ? run + 1 : 0;
		if (run == count)
			return i + 1 - count;
	}
	return n_model;
}

static void check_usage(void)
{
	struct frame_usage expected = { 0 }, found;
	uint64_t run = 0;

	for (uint64_t i = 0; i < n_model; i++) {
		run = model[i] == FREE ? run + 1 : 0;
		if (run > expected.largest_free_run)
			expected.largest_free_run = run;
		expected.total += model[i] != MACHINE;
		expected.free += model[i] == FREE;
		if (model[i] >= USED)
			expected.used[model[i] - USED]++;
	}
	frame_usage(&found);
	ck_assert_mem_eq(&found, &expected, sizeof(found));
	ck_assert(fake_is_balanced());
}

/* frame_next_run covers exactly the frames of the model that are memory. */
static void check_runs(void)
{
	uintptr_t at = 0, start_at;
	uint64_t covered = 0, memory = 0;
	size_t count;
	bool used;

	while (frame_next_run(at, &used, &start_at, &count) == 0) {
		uint64_t first = (start_at - FAKE_WINDOW) / PAGE_SIZE;

		ck_assert(start_at >= at && count > 0);
		for (uint64_t i = first; i < first + count; i++) {
			ck_assert(model[i] != MACHINE);
			ck_assert_int_eq(used, model[i] != FREE);
		}
		covered += count;
		at = start_at + count * PAGE_SIZE;
	}
	for (uint64_t i = 0; i < n_model; i++)
		memory += model[i] != MACHINE;
	ck_assert_uint_eq(covered, memory);
}

static int alloc(size_t count, enum frame_kind kind, frames *ret)
{
	uint64_t expected = model_find(count);
	int r = frame_alloc(count, kind, ret);

	ck_assert_int_eq(r, expected == n_model ? -ENOMEM : 0);
	if (r < 0)
		return r;
	ck_assert_uint_eq(frame_start(ret), FAKE_PAGE(expected));
	ck_assert_uint_eq(frame_count(ret), count);
	memset(model + expected, USED + kind, count);
	return 0;
}

static void release(frames *run)
{
	memset(model + (frame_start(run) - FAKE_WINDOW) / PAGE_SIZE, FREE, frame_count(run));
	frames_cleanup(run);
	ck_assert(IS_EMPTY(*run));
}

START_TEST(frames_outside_free_regions_are_used_from_the_start)
{
	struct frame_usage usage;
	frames run = OWNER_EMPTY;

	model_region(2, 5, MACHINE_REGION_NANO_CORE);
	model_region(7, 3, MACHINE_REGION_MODULE);
	model_region(10, 20, MACHINE_REGION_FREE);
	model_region(30, 10, MACHINE_REGION_MACHINE);
	model_region(64, 64, MACHINE_REGION_FREE);
	init();
	check_usage();
	check_runs();
	frame_usage(&usage);
	ck_assert_uint_eq(usage.total, 5 + 3 + 20 + 64);
	ck_assert_uint_eq(usage.free, 20 + 64 - 1);
	ck_assert_uint_eq(usage.used[FRAME_NANO], 5);
	ck_assert_uint_eq(usage.used[FRAME_MODULE], 3);
	ck_assert_uint_eq(usage.used[FRAME_TABLE], 1);
	ck_assert_uint_eq(usage.largest_free_run, 64);
	ck_assert_int_eq(frame_alloc(1, FRAME_HEAP, &run), 0);
	ck_assert_uint_eq(frame_start(&run), FAKE_PAGE(10));
}
END_TEST

/* As the pc machine's: a first MiB and a hole that are nobody's, nothing at the window's start. */
START_TEST(memory_may_begin_above_the_window_and_have_holes)
{
	struct frame_usage usage;
	frames run = OWNER_EMPTY;
	uintptr_t at;
	size_t count;
	bool used;

	model_region(256, 9, MACHINE_REGION_MACHINE);
	model_region(265, 11, MACHINE_REGION_BOOT);
	model_region(276, 2, MACHINE_REGION_MACHINE);
	model_region(278, 40, MACHINE_REGION_FREE);
	model_region(318, 20, MACHINE_REGION_NANO_CORE);
	model_region(338, 3, MACHINE_REGION_FREE);
	model_region(341, 7, MACHINE_REGION_MODULE);
	model_region(1024, 100, MACHINE_REGION_FREE);
	init();
	check_usage();
	check_runs();
	frame_usage(&usage);
	ck_assert_uint_eq(usage.total, 11 + 40 + 20 + 3 + 7 + 100);
	ck_assert_uint_eq(usage.used[FRAME_NANO], 11 + 20);
	ck_assert_int_eq(frame_next_run(FAKE_WINDOW, &used, &at, &count), 0);
	ck_assert_uint_eq(at, FAKE_PAGE(265));
	/* Too long for anything but the last region. */
	ck_assert_int_eq(alloc(41, FRAME_ARENA, &run), 0);
	ck_assert_uint_eq(frame_start(&run), FAKE_PAGE(1024));
	release(&run);
	ck_assert_int_eq(frame_alloc(101, FRAME_ARENA, &run), -ENOMEM);
	ck_assert_int_eq(frame_claim(FAKE_PAGE(1023), 2, FRAME_ARENA, &run), -EBUSY);
	ck_assert_int_eq(frame_claim(FAKE_PAGE(0), 1, FRAME_ARENA, &run), -EBUSY);
	check_usage();
}
END_TEST

START_TEST(boot_and_nano_core_regions_are_freed_one_by_one)
{
	frames boot = OWNER_EMPTY, nano = OWNER_EMPTY;

	model_region(2, 5, MACHINE_REGION_BOOT);
	model_region(7, 3, MACHINE_REGION_NANO_CORE);
	model_region(10, 20, MACHINE_REGION_FREE);
	model_region(40, 4, MACHINE_REGION_BOOT);
	init();
	PUT(boot, frame_adopt_region(FAKE_PAGE(2), 5, FRAME_NANO));
	release(&boot);
	check_usage();
	PUT(nano, frame_adopt_region(FAKE_PAGE(7), 3, FRAME_NANO));
	PUT(boot, frame_adopt_region(FAKE_PAGE(40), 4, FRAME_NANO));
	release(&boot);
	release(&nano);
	check_usage();
	/* What was boot's and what was nano_core's is one run with the rest. */
	ck_assert_int_eq(alloc(20, FRAME_HEAP, &nano), 0);
	ck_assert_uint_eq(frame_start(&nano), FAKE_PAGE(2));
}
END_TEST

START_TEST(regions_may_be_given_in_any_order)
{
	model_region(64, 64, MACHINE_REGION_FREE);
	model_region(30, 10, MACHINE_REGION_MACHINE);
	model_region(7, 3, MACHINE_REGION_MODULE);
	model_region(10, 20, MACHINE_REGION_FREE);
	model_region(2, 5, MACHINE_REGION_NANO_CORE);
	init();
	check_usage();
	check_runs();
}
END_TEST

START_TEST(init_refuses_regions_that_overlap_or_are_not_pages_of_the_window)
{
	static const struct machine_region bad[] = {
		{ FAKE_PAGE(3), PAGE_SIZE, MACHINE_REGION_FREE, 0 },
		{ FAKE_PAGE(3), PAGE_SIZE, MACHINE_REGION_MACHINE, 0 },
		{ FAKE_PAGE(20) + 8, PAGE_SIZE, MACHINE_REGION_FREE, 0 },
		{ FAKE_PAGE(20), PAGE_SIZE + 8, MACHINE_REGION_FREE, 0 },
		{ FAKE_PAGE(20), 0, MACHINE_REGION_FREE, 0 },
		{ FAKE_WINDOW - PAGE_SIZE, PAGE_SIZE, MACHINE_REGION_FREE, 0 },
		{ FAKE_PAGE(20), -PAGE_SIZE, MACHINE_REGION_FREE, 0 },
		{ FAKE_PAGE((1ull << 32)), PAGE_SIZE, MACHINE_REGION_FREE, 0 },
		{ FAKE_PAGE(20), PAGE_SIZE, 0, 0 },
		{ FAKE_PAGE(20), PAGE_SIZE, MACHINE_REGION_BOOT + 1, 0 },
	};
	struct machine_info *info = fake_info();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_forget_regions();
		fake_region(0, 10, MACHINE_REGION_FREE);
		info->regions[info->n_regions++] = bad[i];
		ck_assert_int_eq(frame_init(info), -EINVAL);
	}
	info->n_regions = MACHINE_REGIONS_MAX + 1;
	ck_assert_int_eq(frame_init(info), -EINVAL);
	fake_forget_regions();
	ck_assert(fake_is_balanced());
}
END_TEST

START_TEST(init_fails_without_room_for_the_bitmap_and_then_succeeds_with_it)
{
	/* 32,769 frames need 32,769 bits: two pages. */
	fake_region(0, 1, MACHINE_REGION_FREE);
	fake_info()->regions[1] = (struct machine_region){ FAKE_PAGE(1), 32768 * PAGE_SIZE,
							   MACHINE_REGION_MODULE, 0 };
	fake_info()->n_regions = 2;
	ck_assert_int_eq(frame_init(machine_info()), -ENOMEM);
	fake_info()->regions[1].size -= PAGE_SIZE;
	fake_fail_map(1);
	ck_assert_int_eq(frame_init(machine_info()), -ENOMEM);
	fake_fail_map(0);
	ck_assert_int_eq(frame_init(machine_info()), 0);
	ck_assert_int_eq(frame_init(machine_info()), -EALREADY);
	ck_assert_str_eq(fake_permissions(FAKE_WINDOW), "rw-");
	ck_assert(fake_is_balanced());
}
END_TEST

/* All sequences of allocations and frees down to this depth, on seven free frames. */
#define DEPTH 6
static frames live[DEPTH];

static void explore(int depth)
{
	check_usage();
	if (depth == DEPTH)
		return;
	for (size_t count = 1; count <= 7; count++) {
		if (alloc(count, (enum frame_kind)(count % FRAME_KINDS), &live[depth]) < 0)
			continue;
		explore(depth + 1);
		release(&live[depth]);
	}
	for (int i = 0; i < depth; i++) {
		frames kept = live[i];
		uint64_t first;
		uint8_t content;

		if (IS_EMPTY(kept))
			continue;
		first = (frame_start(&kept) - FAKE_WINDOW) / PAGE_SIZE;
		content = model[first];
		release(&live[i]);
		explore(depth + 1);
		ck_assert_int_eq(frame_claim(FAKE_PAGE(first), frame_count(&kept),
					     (enum frame_kind)(content - USED), &live[i]),
				 0);
		ck_assert_uint_eq(live[i].word, kept.word);
		memset(model + first, content, frame_count(&kept));
	}
}

START_TEST(every_short_sequence_of_allocations_and_frees_is_first_fit)
{
	model_region(0, 3, MACHINE_REGION_NANO_CORE);
	model_region(3, 5, MACHINE_REGION_FREE);
	model_region(8, 1, MACHINE_REGION_MODULE);
	model_region(9, 3, MACHINE_REGION_FREE);
	init();
	explore(0);
	check_usage();
}
END_TEST

START_TEST(long_random_sequences_find_every_run_that_exists)
{
	static frames runs[512];
	const size_t n = sizeof(runs) / sizeof(runs[0]);

	model_region(1, 130, MACHINE_REGION_FREE);
	model_region(131, 3, MACHINE_REGION_MODULE);
	model_region(134, 58, MACHINE_REGION_FREE); /* ends at a word of the bitmap */
	model_region(192, 64, MACHINE_REGION_MACHINE);
	model_region(256, 1000, MACHINE_REGION_FREE);
	init();
	for (int step = 0; step < 20000; step++) {
		size_t i = fake_random(n);

		if (!IS_EMPTY(runs[i]))
			release(&runs[i]);
		else
			(void)alloc(1 + fake_random(fake_random(20) == 0 ? 200 : 8),
				    (enum frame_kind)fake_random(FRAME_KINDS), &runs[i]);
		if (step % 64 == 0)
			check_usage();
		if (step % 1024 == 0)
			check_runs();
	}
	for (size_t i = 0; i < n; i++) {
		if (!IS_EMPTY(runs[i]))
			release(&runs[i]);
	}
	check_usage();
}
END_TEST

static void start_plain(void)
{
	start();
	model_region(0, 4, MACHINE_REGION_NANO_CORE);
	model_region(4, 2, MACHINE_REGION_MODULE);
	model_region(6, 101, MACHINE_REGION_FREE);
	init();
}

START_TEST(an_allocation_of_exactly_what_is_free_succeeds_and_one_more_does_not)
{
	frames run = OWNER_EMPTY;

	ck_assert_int_eq(frame_alloc(101, FRAME_HEAP, &run), -ENOMEM);
	ck_assert_int_eq(alloc(100, FRAME_HEAP, &run), 0);
	check_usage();
	ck_assert_int_eq(frame_alloc(1, FRAME_HEAP, &(frames)OWNER_EMPTY), -ENOMEM);
	release(&run);
	check_usage();
}
END_TEST

START_TEST(counts_and_kinds_out_of_range_are_invalid)
{
	frames run = OWNER_EMPTY;

	ck_assert_int_eq(frame_alloc(0, FRAME_HEAP, &run), -EINVAL);
	ck_assert_int_eq(frame_alloc(COUNT_MAX, FRAME_HEAP, &run), -ENOMEM);
	ck_assert_int_eq(frame_alloc(COUNT_MAX + 1, FRAME_HEAP, &run), -EINVAL);
	ck_assert_int_eq(frame_alloc(SIZE_MAX, FRAME_HEAP, &run), -EINVAL);
	ck_assert_int_eq(frame_alloc(1, FRAME_KINDS, &run), -EINVAL);
	ck_assert(IS_EMPTY(run));
	check_usage();
}
END_TEST

START_TEST(a_claim_takes_a_free_range_and_nothing_else)
{
	frames run = OWNER_EMPTY, other = OWNER_EMPTY;

	ck_assert_int_eq(frame_claim(FAKE_PAGE(50), 10, FRAME_ARENA, &run), 0);
	memset(model + 50, USED + FRAME_ARENA, 10);
	check_usage();
	ck_assert_int_eq(frame_claim(FAKE_PAGE(59), 1, FRAME_ARENA, &other), -EBUSY);
	ck_assert_int_eq(frame_claim(FAKE_PAGE(49), 2, FRAME_ARENA, &other), -EBUSY);
	ck_assert_int_eq(frame_claim(FAKE_PAGE(5), 2, FRAME_ARENA, &other), -EBUSY);
	ck_assert_int_eq(frame_claim(FAKE_PAGE(61) + 1, 1, FRAME_ARENA, &other), -EINVAL);
	ck_assert_int_eq(frame_claim(FAKE_PAGE(107), 1, FRAME_ARENA, &other), -EINVAL);
	ck_assert_int_eq(frame_claim(FAKE_PAGE(100), 8, FRAME_ARENA, &other), -EINVAL);
	ck_assert_int_eq(frame_claim(FAKE_WINDOW - PAGE_SIZE, 1, FRAME_ARENA, &other), -EINVAL);
	ck_assert_int_eq(frame_claim(FAKE_PAGE(61), 0, FRAME_ARENA, &other), -EINVAL);
	ck_assert_int_eq(frame_claim(FAKE_PAGE(60), 1, FRAME_ARENA, &other), 0);
	model[60] = USED + FRAME_ARENA;
	release(&run);
	release(&other);
	check_usage();
}
END_TEST

START_TEST(a_split_makes_two_owners_of_one_run)
{
	frames run = OWNER_EMPTY, low = OWNER_EMPTY, high = OWNER_EMPTY;

	ck_assert_int_eq(alloc(5, FRAME_STACK, &run), 0);
	ck_assert_int_eq(frame_split(run, 0, &low, &high), -EINVAL);
	ck_assert_int_eq(frame_split(run, 5, &low, &high), -EINVAL);
	ck_assert_int_eq(frame_split(low, 1, &low, &high), -EINVAL);
	ck_assert_int_eq(frame_split(MOVE(run), 4, &low, &high), 0);
	ck_assert_uint_eq(frame_start(&low), FAKE_PAGE(6));
	ck_assert_uint_eq(frame_count(&low), 4);
	ck_assert_uint_eq(frame_start(&high), FAKE_PAGE(10));
	ck_assert_uint_eq(frame_count(&high), 1);
	release(&low);
	check_usage();
	release(&high);
	check_usage();
}
END_TEST

START_TEST(a_run_changes_its_kind_in_the_counts)
{
	frames run = OWNER_EMPTY;

	ck_assert_int_eq(alloc(3, FRAME_STACK, &run), 0);
	run = frame_rekind(MOVE(run), FRAME_NANO);
	memset(model + 6, USED + FRAME_NANO, 3);
	check_usage();
	release(&run);
	check_usage();
	ck_assert_uint_eq(frame_rekind(run, FRAME_HEAP).word, 0);
}
END_TEST

START_TEST(a_boot_region_can_be_adopted_and_freed)
{
	frames run = frame_adopt_region(FAKE_PAGE(1), 3, FRAME_NANO);

	check_usage();
	release(&run);
	check_usage();
	run = frame_adopt_region(FAKE_PAGE(4), 2, FRAME_MODULE);
	release(&run);
	check_usage();
}
END_TEST

struct range {
	uint64_t page, count;
	enum frame_kind kind;
};

static void adopt(void *argument)
{
	const struct range *range = argument;

	(void)frame_adopt_region(FAKE_PAGE(range->page), range->count, range->kind);
}

START_TEST(adopting_what_is_not_a_boot_region_panics)
{
	static const struct range ranges[] = {
		{ 0, 4, FRAME_MODULE }, { 3, 2, FRAME_NANO }, { 6, 1, FRAME_NANO },
		{ 0, 0, FRAME_NANO },	{ 0, 4, FRAME_HEAP }, { 200, 1, FRAME_NANO },
	};
	frames run;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		ck_assert_ptr_nonnull(fake_panic_of(adopt, (void *)&ranges[i]));
		check_usage();
	}
	run = frame_adopt_region(FAKE_PAGE(0), 4, FRAME_NANO);
	release(&run);
	ck_assert_ptr_nonnull(fake_panic_of(adopt, &(struct range){ 0, 4, FRAME_NANO }));
	check_usage();
}
END_TEST

static void free_word(void *argument)
{
	frame_free(*(frames *)argument);
}

static void rekind_word(void *argument)
{
	(void)frame_rekind(*(frames *)argument, FRAME_HEAP);
}

START_TEST(freeing_frames_twice_panics_and_changes_nothing)
{
	frames run = OWNER_EMPTY, low = OWNER_EMPTY, high = OWNER_EMPTY, copy;
	frames same_kind = OWNER_EMPTY;

	ck_assert_int_eq(alloc(10, FRAME_HEAP, &same_kind), 0);
	ck_assert_int_eq(alloc(70, FRAME_HEAP, &run), 0);
	copy = run;
	ck_assert_int_eq(frame_split(MOVE(run), 69, &low, &high), 0);
	release(&high);
	ck_assert_ptr_nonnull(fake_panic_of(free_word, &copy));
	ck_assert_ptr_nonnull(fake_panic_of(rekind_word, &copy));
	check_usage();
	release(&low);
	ck_assert_ptr_nonnull(fake_panic_of(free_word, &copy));
	check_usage();
}
END_TEST

START_TEST(freeing_a_word_that_is_no_owner_panics)
{
	/* kind too large, count 0, past the memory, a kind of which none is used */
	uint64_t words[] = { 6ull << 32 | 1 << 8 | 0xff, 6ull << 32 | (FRAME_HEAP + 1),
			     107ull << 32 | 1 << 8 | (FRAME_HEAP + 1),
			     0ull << 32 | 1 << 8 | (FRAME_HEAP + 1) };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		ck_assert_ptr_nonnull(fake_panic_of(free_word, &words[i]));
		check_usage();
	}
	frame_free((frames)OWNER_EMPTY);
	check_usage();
}
END_TEST

static void alloc_over(void *argument)
{
	(void)!frame_alloc(1, FRAME_HEAP, argument);
}

START_TEST(an_allocation_into_a_full_place_panics_and_takes_nothing)
{
	frames run = OWNER_EMPTY;
	uint64_t word;

	ck_assert_int_eq(alloc(1, FRAME_HEAP, &run), 0);
	word = run.word;
	ck_assert_ptr_nonnull(fake_panic_of(alloc_over, &run));
	ck_assert_uint_eq(run.word, word);
	check_usage();
}
END_TEST

START_TEST(every_kind_has_a_name_of_its_own)
{
	for (int i = 0; i < FRAME_KINDS; i++) {
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(frame_kind_name((enum frame_kind)i),
					 frame_kind_name((enum frame_kind)j));
		ck_assert_str_ne(frame_kind_name((enum frame_kind)i), "unknown");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("frame");
	TCase *boot = tcase_create("boot"), *plain = tcase_create("plain");

	tcase_add_checked_fixture(boot, start, NULL);
	tcase_set_timeout(boot, 60);
	tcase_add_test(boot, frames_outside_free_regions_are_used_from_the_start);
	tcase_add_test(boot, memory_may_begin_above_the_window_and_have_holes);
	tcase_add_test(boot, boot_and_nano_core_regions_are_freed_one_by_one);
	tcase_add_test(boot, regions_may_be_given_in_any_order);
	tcase_add_test(boot, init_refuses_regions_that_overlap_or_are_not_pages_of_the_window);
	tcase_add_test(boot, init_fails_without_room_for_the_bitmap_and_then_succeeds_with_it);
	tcase_add_test(boot, every_short_sequence_of_allocations_and_frees_is_first_fit);
	tcase_add_test(boot, long_random_sequences_find_every_run_that_exists);
	suite_add_tcase(suite, boot);
	tcase_add_checked_fixture(plain, start_plain, NULL);
	tcase_add_test(plain, an_allocation_of_exactly_what_is_free_succeeds_and_one_more_does_not);
	tcase_add_test(plain, counts_and_kinds_out_of_range_are_invalid);
	tcase_add_test(plain, a_claim_takes_a_free_range_and_nothing_else);
	tcase_add_test(plain, a_split_makes_two_owners_of_one_run);
	tcase_add_test(plain, a_run_changes_its_kind_in_the_counts);
	tcase_add_test(plain, a_boot_region_can_be_adopted_and_freed);
	tcase_add_test(plain, adopting_what_is_not_a_boot_region_panics);
	tcase_add_test(plain, freeing_frames_twice_panics_and_changes_nothing);
	tcase_add_test(plain, freeing_a_word_that_is_no_owner_panics);
	tcase_add_test(plain, an_allocation_into_a_full_place_panics_and_takes_nothing);
	tcase_add_test(plain, every_kind_has_a_name_of_its_own);
	suite_add_tcase(suite, plain);
	return fake_run(suite);
}
