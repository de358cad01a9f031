/* SPDX-License-Identifier: MIT */
/* Lists of physical ranges: sorted, apart, and what gives way when they are full. */
#include "machine/pc/boot/ranges.h"
#include "tap.h"

static struct boot_range range(uint64_t start, uint64_t end)
{
	return (struct boot_range){ start, end };
}

static void expect(const struct boot_ranges *ranges, uint32_t i, uint64_t start, uint64_t end)
{
	ck_assert_uint_lt(i, ranges->n);
	ck_assert_uint_eq(ranges->at[i].start, start);
	ck_assert_uint_eq(ranges->at[i].end, end);
}

/* 48 of them: [1000, 1100), [2000, 2100) ... but `gap` instead of 900 after number `at`. */
static struct boot_ranges full(uint32_t at, uint64_t gap)
{
	struct boot_ranges ranges = { .n = 0 };

	for (uint64_t i = 1; i <= BOOT_RANGES_MAX; i++) {
		uint64_t end = i * 1000 + 100;

		ranges_add(&ranges, range(i * 1000, i == at + 1 ? end + 900 - gap : end),
			   RANGES_COVER_GAP);
	}
	ck_assert_uint_eq(ranges.n, BOOT_RANGES_MAX);
	return ranges;
}

START_TEST(ranges_are_sorted)
{
	struct boot_ranges ranges = { .n = 0 };

	ranges_add(&ranges, range(50, 60), RANGES_DROP_SMALLEST);
	ranges_add(&ranges, range(10, 20), RANGES_DROP_SMALLEST);
	ranges_add(&ranges, range(30, 40), RANGES_DROP_SMALLEST);
	ck_assert_uint_eq(ranges.n, 3);
	expect(&ranges, 0, 10, 20);
	expect(&ranges, 1, 30, 40);
	expect(&ranges, 2, 50, 60);
	ck_assert_uint_eq(ranges_total(&ranges), 30);
}
END_TEST

START_TEST(ranges_that_touch_or_overlap_become_one)
{
	struct boot_ranges ranges = { .n = 0 };

	ranges_add(&ranges, range(10, 20), RANGES_DROP_SMALLEST);
	ranges_add(&ranges, range(21, 30), RANGES_DROP_SMALLEST);
	ck_assert_uint_eq(ranges.n, 2);
	ranges_add(&ranges, range(20, 21), RANGES_DROP_SMALLEST);
	ck_assert_uint_eq(ranges.n, 1);
	expect(&ranges, 0, 10, 30);
	ranges_add(&ranges, range(12, 15), RANGES_DROP_SMALLEST);
	expect(&ranges, 0, 10, 30);
	ranges_add(&ranges, range(40, 50), RANGES_DROP_SMALLEST);
	ranges_add(&ranges, range(0, UINT64_MAX), RANGES_DROP_SMALLEST);
	ck_assert_uint_eq(ranges.n, 1);
	expect(&ranges, 0, 0, UINT64_MAX);
}
END_TEST

START_TEST(empty_ranges_add_nothing)
{
	struct boot_ranges ranges = { .n = 0 };

	ranges_add(&ranges, range(10, 10), RANGES_DROP_SMALLEST);
	ranges_add(&ranges, range(11, 10), RANGES_COVER_GAP);
	ck_assert_uint_eq(ranges.n, 0);
}
END_TEST

START_TEST(a_full_list_drops_its_smallest_range_for_a_larger_one)
{
	struct boot_ranges ranges = full(20, 950); /* the range at 21000 has 50 bytes */

	ranges_add(&ranges, range(100, 150), RANGES_DROP_SMALLEST);
	expect(&ranges, 0, 1000, 1100);
	expect(&ranges, 20, 21000, 21050);
	ranges_add(&ranges, range(100, 151), RANGES_DROP_SMALLEST);
	ck_assert_uint_eq(ranges.n, BOOT_RANGES_MAX);
	expect(&ranges, 0, 100, 151);
	expect(&ranges, 20, 20000, 20100);
	expect(&ranges, 21, 22000, 22100);
}
END_TEST

START_TEST(a_full_list_covers_its_smallest_gap)
{
	struct boot_ranges ranges = full(20, 10);

	ranges_add(&ranges, range(900, 989), RANGES_COVER_GAP); /* 11 from its neighbour */
	ck_assert_uint_eq(ranges.n, BOOT_RANGES_MAX);
	expect(&ranges, 0, 900, 989);
	expect(&ranges, 1, 1000, 1100);
	expect(&ranges, 21, 21000, 22100);
	expect(&ranges, 22, 23000, 23100);
}
END_TEST

START_TEST(a_full_list_covers_the_gap_to_a_neighbour_when_that_is_smaller)
{
	struct boot_ranges ranges = full(20, 10);

	ranges_add(&ranges, range(900, 991), RANGES_COVER_GAP); /* 9 below the next */
	ck_assert_uint_eq(ranges.n, BOOT_RANGES_MAX);
	expect(&ranges, 0, 900, 1100);
	ranges_add(&ranges, range(48109, 48200), RANGES_COVER_GAP); /* 9 above the last */
	ck_assert_uint_eq(ranges.n, BOOT_RANGES_MAX);
	expect(&ranges, 47, 48000, 48200);
	ranges_add(&ranges, range(3103, 3990),
		   RANGES_COVER_GAP); /* 3 above one, 10 below another */
	ck_assert_uint_eq(ranges.n, BOOT_RANGES_MAX);
	expect(&ranges, 2, 3000, 3990);
	expect(&ranges, 3, 4000, 4100);
}
END_TEST

START_TEST(only_the_largest_are_kept)
{
	struct boot_ranges ranges = { .n = 0 };

	ranges_add(&ranges, range(0, 5), RANGES_DROP_SMALLEST);
	ranges_add(&ranges, range(10, 17), RANGES_DROP_SMALLEST);
	ranges_add(&ranges, range(20, 24), RANGES_DROP_SMALLEST);
	ranges_add(&ranges, range(30, 36), RANGES_DROP_SMALLEST);
	ranges_keep_largest(&ranges, 4);
	ck_assert_uint_eq(ranges.n, 4);
	ranges_keep_largest(&ranges, 2);
	ck_assert_uint_eq(ranges.n, 2);
	expect(&ranges, 0, 10, 17);
	expect(&ranges, 1, 30, 36);
	ranges_keep_largest(&ranges, 0);
	ck_assert_uint_eq(ranges.n, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ranges");
	TCase *ranges = tcase_create("ranges");

	suite_add_tcase(suite, ranges);
	tcase_add_test(ranges, ranges_are_sorted);
	tcase_add_test(ranges, ranges_that_touch_or_overlap_become_one);
	tcase_add_test(ranges, empty_ranges_add_nothing);
	tcase_add_test(ranges, a_full_list_drops_its_smallest_range_for_a_larger_one);
	tcase_add_test(ranges, a_full_list_covers_its_smallest_gap);
	tcase_add_test(ranges, a_full_list_covers_the_gap_to_a_neighbour_when_that_is_smaller);
	tcase_add_test(ranges, only_the_largest_are_kept);
	return tap_run(suite);
}
