/* SPDX-License-Identifier: MIT */
/*
 * The heap on the real memory cell and frame allocator, against a shadow of
 * what is allocated.
 */
#include <clew/heap.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <clew/frame.h>
#include <clew/panic.h>

#include "fake_machine.h"

#define FREE_FRAMES 4000u /* without the bitmap */
#define BINS 22u	  /* README */
#define LARGEST_SMALL 2000u

static struct frame_usage before;

static void start_with(uint64_t count)
{
	fake_start();
	fake_region(0, 2, MACHINE_REGION_NANO_CORE);
	fake_region(2, count + 1, MACHINE_REGION_FREE);
	ck_assert_int_eq(frame_init(machine_info()), 0);
	frame_usage(&before);
	ck_assert_uint_eq(before.free, count);
}

static void start(void)
{
	start_with(FREE_FRAMES);
}

static void start_small(void)
{
	start_with(16);
}

static void check_frames_are_back(void)
{
	struct heap_usage usage;
	struct frame_usage now;

	heap_usage(&usage);
	ck_assert_uint_eq(usage.blocks, 0);
	ck_assert_uint_eq(usage.bytes, 0);
	ck_assert_uint_le(usage.bytes_held, BINS * PAGE_SIZE);
	heap_trim();
	heap_usage(&usage);
	ck_assert_uint_eq(usage.bytes_held, 0);
	frame_usage(&now);
	ck_assert_mem_eq(&now, &before, sizeof(now));
	ck_assert(fake_is_balanced());
}

static bool is_filled(const unsigned char *at, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (at[i] != byte)
			return false;
	}
	return true;
}

static void *alloc(size_t size)
{
	void *block = heap_alloc(size);

	ck_assert_ptr_nonnull(block);
	ck_assert_uint_eq((uintptr_t)block % 16, 0);
	ck_assert(is_filled(block, 0, size));
	return block;
}

START_TEST(blocks_of_every_size_are_zero_aligned_and_counted)
{
	for (size_t size = 1; size <= 3 * PAGE_SIZE; size++) {
		struct heap_usage usage;
		void *block = alloc(size);

		memset(block, 0xa5, size);
		heap_usage(&usage);
		ck_assert_uint_eq(usage.blocks, 1);
		ck_assert_uint_ge(usage.bytes, size);
		ck_assert_uint_ge(usage.bytes_held, usage.bytes);
		if (size <= 128)
			ck_assert_uint_eq(usage.bytes, (size + 15) / 16 * 16);
		if (size <= LARGEST_SMALL)
			ck_assert_uint_lt(usage.bytes, size + size / 2 + 16);
		else
			ck_assert_uint_lt(usage.bytes, size + PAGE_SIZE);
		heap_free(block);
		heap_usage(&usage);
		ck_assert_uint_eq(usage.blocks, 0);
		ck_assert_uint_eq(usage.bytes, 0);
	}
	check_frames_are_back();
}
END_TEST

START_TEST(the_largest_small_block_shares_a_page_and_the_next_has_its_own)
{
	char *a = alloc(LARGEST_SMALL), *b = alloc(LARGEST_SMALL), *c = alloc(LARGEST_SMALL + 1);

	ck_assert_uint_eq((uintptr_t)a / PAGE_SIZE, (uintptr_t)b / PAGE_SIZE);
	ck_assert_uint_ne((uintptr_t)a / PAGE_SIZE, (uintptr_t)c / PAGE_SIZE);
	heap_free(a);
	heap_free(b);
	heap_free(c);
	check_frames_are_back();
}
END_TEST

START_TEST(blocks_of_a_size_fill_pages_and_do_not_overlap)
{
	static const size_t sizes[] = {
		1, 16, 17, 100, 256, 500, 801, 1000, 1328, 2000, 2001, 9000
	};
	static unsigned char *blocks[600];

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (size_t i = 0; i < 600; i++) {
			blocks[i] = alloc(sizes[s]);
			memset(blocks[i], (int)(i % 251 + 1), sizes[s]);
		}
		for (size_t i = 0; i < 600; i++)
			ck_assert(is_filled(blocks[i], (int)(i % 251 + 1), sizes[s]));
		/* From both ends to the middle, so that slabs empty in an order of their own. */
		for (size_t i = 0; i < 600; i++)
			heap_free(blocks[i % 2 == 0 ? i / 2 : 599 - i / 2]);
		check_frames_are_back();
	}
}
END_TEST

struct shadow {
	unsigned char *block;
	size_t size;
	int byte;
};

static size_t random_size(void)
{
	switch (fake_random(8)) {
	case 0:
		return 1 + fake_random(20000);
	case 1:
		return LARGEST_SMALL - 1 + fake_random(3);
	case 2:
		return 1 + fake_random(2000);
	default:
		return 1 + fake_random(300);
	}
}

static bool overlaps(const struct shadow *shadows, size_t n, const unsigned char *block,
		     size_t size)
{
	for (size_t i = 0; i < n; i++) {
		const struct shadow *other = &shadows[i];

		if (other->block && block < other->block + other->size &&
		    other->block < block + size)
			return true;
	}
	return false;
}

START_TEST(long_random_sequences_keep_every_block_as_it_was_written)
{
	static struct shadow shadows[300];
	const size_t n = sizeof(shadows) / sizeof(shadows[0]);

	for (int step = 0; step < 60000; step++) {
		struct shadow *shadow = &shadows[fake_random(n)];

		if (shadow->block) {
			ck_assert(is_filled(shadow->block, shadow->byte, shadow->size));
			heap_free(shadow->block);
			shadow->block = NULL;
			continue;
		}
		shadow->size = random_size();
		shadow->byte = (int)fake_random(255) + 1;
		shadow->block = NULL;
		unsigned char *block = alloc(shadow->size);

		ck_assert(!overlaps(shadows, n, block, shadow->size));
		shadow->block = block;
		memset(shadow->block, shadow->byte, shadow->size);
		if (step % 5000 == 0)
			heap_trim();
	}
	for (size_t i = 0; i < n; i++)
		heap_free(shadows[i].block);
	check_frames_are_back();
}
END_TEST

START_TEST(no_block_has_size_zero_or_more_than_memory)
{
	OWN(heap_block, block) = OWNER_EMPTY;

	ck_assert_ptr_null(heap_alloc(0));
	ck_assert_ptr_null(heap_alloc(SIZE_MAX));
	ck_assert_ptr_null(heap_alloc(SIZE_MAX - PAGE_SIZE));
	ck_assert_ptr_null(heap_alloc(1ul << 40));
	ck_assert_int_eq(heap_block_new(0, &block), -EINVAL);
	ck_assert_int_eq(heap_block_new(SIZE_MAX, &block), -ENOMEM);
	ck_assert(IS_EMPTY(block));
	heap_free(NULL);
	check_frames_are_back();
}
END_TEST

START_TEST(a_heap_block_is_released_with_its_scope)
{
	struct heap_usage usage;
	{
		OWN(heap_block, block) = OWNER_EMPTY;

		ck_assert_int_eq(heap_block_new(100, &block), 0);
		memset(heap_block_at(&block), 1, 100);
		heap_usage(&usage);
		ck_assert_uint_eq(usage.blocks, 1);
	}
	check_frames_are_back();
}
END_TEST

static void crash_with_blocks(void *argument)
{
	OWN(heap_block, small) = OWNER_EMPTY;
	OWN(heap_block, large) = OWNER_EMPTY;

	if (heap_block_new(10, &small) < 0 || heap_block_new(10000, &large) < 0)
		return;
	panic("as planned");
}

START_TEST(a_crash_gives_back_the_blocks_of_its_frames)
{
	ck_assert_str_eq(fake_panic_of(crash_with_blocks, NULL), "as planned");
	check_frames_are_back();
}
END_TEST

static void block_over(void *argument)
{
	(void)!heap_block_new(10, argument);
}

START_TEST(a_new_block_into_a_full_place_panics_and_is_released)
{
	OWN(heap_block, block) = OWNER_EMPTY;

	ck_assert_int_eq(heap_block_new(10, &block), 0);
	ck_assert_ptr_nonnull(fake_panic_of(block_over, &block));
	heap_block_cleanup(&block);
	check_frames_are_back();
}
END_TEST

START_TEST(an_allocation_that_fails_leaves_everything_as_it_was)
{
	static void *blocks[4096];
	static const size_t sizes[] = { 16, 2000, 5000 };

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct heap_usage full, now;
		size_t n = 0;

		for (;; n++) {
			ck_assert_uint_lt(n, sizeof(blocks) / sizeof(blocks[0]));
			heap_usage(&full);
			blocks[n] = heap_alloc(sizes[s]);
			if (!blocks[n])
				break;
		}
		ck_assert_uint_gt(n, 0);
		heap_usage(&now);
		ck_assert_mem_eq(&now, &full, sizeof(now));
		/* One freed is one that can be had again. */
		heap_free(blocks[0]);
		blocks[0] = alloc(sizes[s]);
		ck_assert_ptr_null(heap_alloc(sizes[s]));
		while (n > 0)
			heap_free(blocks[--n]);
		check_frames_are_back();
	}
}
END_TEST

START_TEST(spare_slabs_are_given_up_before_an_allocation_fails)
{
	void *large;

	for (size_t size = 16; size <= 128; size += 16)
		heap_free(alloc(size));
	/* 16 frames, 8 of them spare: a block of 15 pages needs the most of them. */
	large = alloc(15 * PAGE_SIZE);
	heap_free(large);
	check_frames_are_back();
}
END_TEST

static int scenario(void)
{
	static const size_t sizes[] = { 16, 700, 700, 6000, 2000, 2001 };
	heap_block blocks[6] = { 0 };
	int r = 0;

	for (size_t i = 0; i < 6 && r == 0; i++)
		r = heap_block_new(sizes[i], &blocks[i]);
	for (size_t i = 0; i < 6; i++)
		heap_block_cleanup(&blocks[i]);
	return r;
}

START_TEST(every_kth_mapping_that_fails_costs_no_block_and_no_frame)
{
	/* Pages of: 16, 700, 6000, 2000, 2001.  A failed one is tried again, and succeeds. */
	for (unsigned long k = 1; k <= 6; k++) {
		fake_fail_map(k);
		ck_assert_int_eq(scenario(), 0);
		ck_assert_int_eq(fake_has_failed(), k <= 5);
		check_frames_are_back();
	}
}
END_TEST

START_TEST(an_empty_slab_is_kept_once_a_bin_and_used_again)
{
	struct heap_usage usage;
	static void *blocks[1000];

	for (size_t i = 0; i < 1000; i++)
		blocks[i] = alloc(64);
	for (size_t i = 0; i < 1000; i++)
		heap_free(blocks[i]);
	heap_usage(&usage);
	ck_assert_uint_eq(usage.bytes_held, PAGE_SIZE);
	blocks[0] = alloc(64);
	heap_usage(&usage);
	ck_assert_uint_eq(usage.bytes_held, PAGE_SIZE);
	heap_free(blocks[0]);
	check_frames_are_back();
}
END_TEST

START_TEST(a_freed_block_is_zero_at_once)
{
	unsigned char *kept = alloc(200), *block = alloc(200);

	memset(block, 0xa5, 200);
	heap_free(block);
	ck_assert(is_filled(block, 0, 200));
	heap_free(kept);
}
END_TEST

static void free_at(void *argument)
{
	heap_free(argument);
}

START_TEST(freeing_what_is_not_a_live_block_panics_and_changes_nothing)
{
	static _Alignas(4096) char elsewhere[4096];
	char *a = alloc(48), *b = alloc(48), *large = alloc(10000);
	char *wild[] = {
		b,	/* twice, below */
		b + 48, /* the next one, never allocated */
		a + 16, /* inside */
		a + 1,
		(char *)((uintptr_t)a & -PAGE_SIZE),	   /* the header */
		(char *)((uintptr_t)a | (PAGE_SIZE - 16)), /* behind the last block */
		large + 16,
		large + PAGE_SIZE,
		elsewhere,
		elsewhere + 16,
	};
	struct heap_usage usage, now;

	heap_free(b);
	heap_usage(&usage);
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		ck_assert_ptr_nonnull(fake_panic_of(free_at, wild[i]));
		heap_usage(&now);
		ck_assert_mem_eq(&now, &usage, sizeof(now));
		ck_assert(fake_is_balanced());
	}
	heap_free(a);
	heap_free(large);
	check_frames_are_back();
}
END_TEST

START_TEST(freeing_a_large_block_twice_faults)
{
	char *large = alloc(10000);

	heap_free(large);
	heap_free(large);
}
END_TEST

START_TEST(a_header_copied_elsewhere_does_not_make_a_block)
{
	static _Alignas(4096) char copy[4096];
	char *large = alloc(4000), *page = (char *)((uintptr_t)large & -PAGE_SIZE);

	memcpy(copy, page, PAGE_SIZE);
	ck_assert_ptr_nonnull(fake_panic_of(free_at, copy + (large - page)));
	heap_free(large);
	check_frames_are_back();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("heap");
	TCase *tests = tcase_create("heap"), *scarce = tcase_create("scarce");

	tcase_add_checked_fixture(tests, start, NULL);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, blocks_of_every_size_are_zero_aligned_and_counted);
	tcase_add_test(tests, the_largest_small_block_shares_a_page_and_the_next_has_its_own);
	tcase_add_test(tests, blocks_of_a_size_fill_pages_and_do_not_overlap);
	tcase_add_test(tests, long_random_sequences_keep_every_block_as_it_was_written);
	tcase_add_test(tests, no_block_has_size_zero_or_more_than_memory);
	tcase_add_test(tests, a_heap_block_is_released_with_its_scope);
	tcase_add_test(tests, a_crash_gives_back_the_blocks_of_its_frames);
	tcase_add_test(tests, a_new_block_into_a_full_place_panics_and_is_released);
	tcase_add_test(tests, every_kth_mapping_that_fails_costs_no_block_and_no_frame);
	tcase_add_test(tests, an_empty_slab_is_kept_once_a_bin_and_used_again);
	tcase_add_test(tests, a_freed_block_is_zero_at_once);
	tcase_add_test(tests, freeing_what_is_not_a_live_block_panics_and_changes_nothing);
	tcase_add_test_raise_signal(tests, freeing_a_large_block_twice_faults, SIGSEGV);
	tcase_add_test(tests, a_header_copied_elsewhere_does_not_make_a_block);
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(scarce, start_small, NULL);
	tcase_add_test(scarce, an_allocation_that_fails_leaves_everything_as_it_was);
	tcase_add_test(scarce, spare_slabs_are_given_up_before_an_allocation_fails);
	suite_add_tcase(suite, scarce);
	return fake_run(suite);
}
