/* SPDX-License-Identifier: MIT */
/*
 * Owned pages, on the real frame allocator and heap.  What a page permits is
 * asked of the host's kernel.
 */
#include <clew/memory.h>

#include <string.h>

#include <clew/heap.h>
#include <clew/panic.h>

#include "fake_machine.h"

#define FREE_FRAMES 64u /* without the bitmap */

static struct frame_usage before;

static void start(void)
{
	fake_start();
	fake_region(0, 2, MACHINE_REGION_NANO_CORE);
	fake_region(2, FREE_FRAMES + 1, MACHINE_REGION_FREE);
	ck_assert_int_eq(frame_init(machine_info()), 0);
	frame_usage(&before);
	ck_assert_uint_eq(before.free, FREE_FRAMES);
}

/* Every frame and every block is back. */
static void check_nothing_is_held(void)
{
	struct frame_usage now;
	struct heap_usage heap;

	heap_trim();
	frame_usage(&now);
	ck_assert_mem_eq(&now, &before, sizeof(now));
	heap_usage(&heap);
	ck_assert_uint_eq(heap.blocks, 0);
	ck_assert(fake_is_balanced());
}

static bool is_zero(const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (at[i] != 0)
			return false;
	}
	return true;
}

START_TEST(new_pages_are_zero_when_their_frames_were_written_before)
{
	for (int round = 0; round < 3; round++) {
		OWN(map_rw, map) = OWNER_EMPTY;

		ck_assert_int_eq(map_rw_new(5, FRAME_BUFFER, &map), 0);
		ck_assert_uint_eq(map_rw_size(&map), 5 * PAGE_SIZE);
		ck_assert_uint_eq((uintptr_t)map_rw_at(&map), FAKE_PAGE(2));
		ck_assert(is_zero(map_rw_at(&map), 5 * PAGE_SIZE));
		memset(map_rw_at(&map), 0xa5, 5 * PAGE_SIZE);
		map_rw_cleanup(&map);
		(void)frame_settle();
	}
	check_nothing_is_held();
}
END_TEST

START_TEST(a_dropped_buffer_is_handed_out_again_only_unmapped_and_cleared)
{
	uintptr_t first = 0, before_this = 0;

	for (unsigned int i = 0; i < 5 * FREE_FRAMES; i++) {
		OWN(map_rw, map) = OWNER_EMPTY;
		uintptr_t at;

		ck_assert_int_eq(map_rw_new(1 + i % 3, FRAME_BUFFER, &map), 0);
		at = (uintptr_t)map_rw_at(&map);
		ck_assert(is_zero(map_rw_at(&map), map_rw_size(&map)));
		memset(map_rw_at(&map), 0xa5, map_rw_size(&map));
		first = first ? first : at;
		/* Half of the frames, so far: those that were dropped wait. */
		ck_assert(i >= FREE_FRAMES / 4 || at > before_this);
		before_this = at;
	}
	ck_assert(frame_settle());
	ck_assert(!frame_settle());
	ck_assert_str_eq(fake_permissions(first), "---");
	check_nothing_is_held();
}
END_TEST

START_TEST(dropped_buffers_are_there_for_one_that_needs_them_all)
{
	OWN(map_rw, all) = OWNER_EMPTY;
	OWN(map_rw, more) = OWNER_EMPTY;

	for (int i = 0; i < 7; i++) {
		OWN(map_rw, map) = OWNER_EMPTY;

		ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &map), 0);
	}
	ck_assert_int_eq(map_rw_new(FREE_FRAMES, FRAME_BUFFER, &all), 0);
	ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &more), -ENOMEM);
	map_rw_cleanup(&all);
	check_nothing_is_held();
}
END_TEST

START_TEST(a_mapping_that_the_machine_refuses_is_tried_again_without_what_was_dropped)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	OWN(map_rw, next) = OWNER_EMPTY;

	ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &map), 0);
	map_rw_cleanup(&map);
	fake_fail_map(1);
	ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &next), 0);
	ck_assert(fake_has_failed());
	map_rw_cleanup(&next);
	(void)frame_settle();
	fake_fail_map(1);
	ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &next), -ENOMEM);
	check_nothing_is_held();
}
END_TEST

static void drop_again(void *word)
{
	map_rw_drop((map_rw){ *(uint64_t *)word });
}

START_TEST(a_buffer_that_waits_to_be_unmapped_is_nobodys)
{
	OWN(map_rw, other) = OWNER_EMPTY; /* else there would be nothing to count down */
	map_rw map = OWNER_EMPTY;
	frames run;
	uint64_t word;

	ck_assert_int_eq(map_rw_new(2, FRAME_BUFFER, &other), 0);
	ck_assert_int_eq(map_rw_new(2, FRAME_BUFFER, &map), 0);
	word = map.word;
	run.word = word;
	ck_assert(frame_is_run(&run));
	map_rw_cleanup(&map);
	ck_assert(!frame_is_run(&run));
	ck_assert_ptr_nonnull(fake_panic_of(drop_again, &word));
	map_rw_cleanup(&other);
	check_nothing_is_held();
}
END_TEST

START_TEST(blocks_and_stacks_are_unmapped_as_they_are_dropped)
{
	static const enum frame_kind kinds[] = { FRAME_HEAP, FRAME_STACK };

	for (int i = 0; i < 2; i++) {
		OWN(map_rw, map) = OWNER_EMPTY;
		uintptr_t at;

		ck_assert_int_eq(map_rw_new(1, kinds[i], &map), 0);
		at = (uintptr_t)map_rw_at(&map);
		ck_assert_str_eq(fake_permissions(at), "rw-");
		map_rw_cleanup(&map);
		ck_assert_str_eq(fake_permissions(at), "---");
	}
	check_nothing_is_held();
}
END_TEST

START_TEST(a_page_permits_what_its_owner_type_says)
{
	OWN(map_rw, rw) = OWNER_EMPTY;
	OWN(map_ro, ro) = OWNER_EMPTY;
	OWN(map_x, x) = OWNER_EMPTY;
	char *at;

	ck_assert_int_eq(map_rw_new(2, FRAME_BUFFER, &rw), 0);
	at = map_rw_at(&rw);
	ck_assert_str_eq(fake_permissions((uintptr_t)at), "rw-");
	at[PAGE_SIZE] = 42;
	ck_assert_int_eq(map_rw_seal(&rw, &ro), 0);
	ck_assert(IS_EMPTY(rw) && map_ro_at(&ro) == at && map_ro_size(&ro) == 2 * PAGE_SIZE);
	ck_assert_str_eq(fake_permissions((uintptr_t)at), "r--");
	ck_assert_str_eq(fake_permissions((uintptr_t)at + PAGE_SIZE), "r--");
	ck_assert_int_eq(at[PAGE_SIZE], 42);
	ck_assert_int_eq(map_ro_unseal(&ro, &rw), 0);
	ck_assert(IS_EMPTY(ro) && map_rw_at(&rw) == at);
	ck_assert_str_eq(fake_permissions((uintptr_t)at), "rw-");
	ck_assert_int_eq(map_rw_seal_x(&rw, &x), 0);
	ck_assert_str_eq(fake_permissions((uintptr_t)at), "r-x");
	ck_assert_str_eq(fake_permissions((uintptr_t)at + PAGE_SIZE), "r-x");
	map_x_cleanup(&x);
	ck_assert_str_eq(fake_permissions((uintptr_t)at), "---");
	check_nothing_is_held();
}
END_TEST

START_TEST(dropping_any_owner_type_unmaps_and_frees)
{
	map_rw rw = OWNER_EMPTY;
	map_ro ro = OWNER_EMPTY;
	map_x x = OWNER_EMPTY;
	map_none none = OWNER_EMPTY;

	ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &rw), 0);
	map_rw_drop(MOVE(rw));
	check_nothing_is_held();
	ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &rw), 0);
	ck_assert_int_eq(map_rw_seal(&rw, &ro), 0);
	map_ro_drop(MOVE(ro));
	check_nothing_is_held();
	ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &rw), 0);
	ck_assert_int_eq(map_rw_seal_x(&rw, &x), 0);
	map_x_drop(MOVE(x));
	check_nothing_is_held();
	ck_assert_int_eq(map_rw_new(2, FRAME_BUFFER, &rw), 0);
	ck_assert_int_eq(map_rw_guard(&rw, 1, &none), 0);
	map_none_drop(MOVE(none));
	map_rw_drop(MOVE(rw));
	check_nothing_is_held();
	ck_assert_str_eq(fake_permissions(FAKE_PAGE(2)), "---");
	ck_assert_str_eq(fake_permissions(FAKE_PAGE(3)), "---");
}
END_TEST

START_TEST(empty_owners_drop_to_nothing_and_change_to_nothing)
{
	map_rw rw = OWNER_EMPTY;
	map_ro ro = OWNER_EMPTY;
	map_x x = OWNER_EMPTY;
	map_none none = OWNER_EMPTY;
	shared_ro shared = OWNER_EMPTY;

	map_rw_cleanup(&rw);
	map_ro_cleanup(&ro);
	map_x_cleanup(&x);
	map_none_cleanup(&none);
	shared_ro_cleanup(&shared);
	ck_assert_ptr_null(map_rw_at(&rw));
	ck_assert_uint_eq(map_rw_size(&rw), 0);
	ck_assert_int_eq(map_rw_seal(&rw, &ro), -EINVAL);
	ck_assert_int_eq(map_rw_seal_x(&rw, &x), -EINVAL);
	ck_assert_int_eq(map_ro_unseal(&ro, &rw), -EINVAL);
	ck_assert_int_eq(map_rw_guard(&rw, 1, &none), -EINVAL);
	ck_assert_int_eq(shared_ro_new(&ro, &shared), -EINVAL);
	ck_assert_uint_eq(shared_ro_ref(&shared).word, 0);
	check_nothing_is_held();
}
END_TEST

START_TEST(a_guard_takes_the_first_pages_and_leaves_at_least_one)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	OWN(map_none, guard) = OWNER_EMPTY;

	ck_assert_int_eq(map_rw_new(4, FRAME_STACK, &map), 0);
	ck_assert_int_eq(map_rw_guard(&map, 0, &guard), -EINVAL);
	ck_assert_int_eq(map_rw_guard(&map, 4, &guard), -EINVAL);
	ck_assert(IS_EMPTY(guard));
	ck_assert_uint_eq(map_rw_size(&map), 4 * PAGE_SIZE);
	ck_assert_int_eq(map_rw_guard(&map, 3, &guard), 0);
	ck_assert_uint_eq(map_rw_size(&map), PAGE_SIZE);
	ck_assert_uint_eq((uintptr_t)map_rw_at(&map), FAKE_PAGE(5));
	ck_assert_str_eq(fake_permissions(FAKE_PAGE(2)), "---");
	ck_assert_str_eq(fake_permissions(FAKE_PAGE(4)), "---");
	ck_assert_str_eq(fake_permissions(FAKE_PAGE(5)), "rw-");
	map_rw_cleanup(&map);
	map_none_cleanup(&guard);
	check_nothing_is_held();
}
END_TEST

START_TEST(running_out_of_frames_is_an_error_and_takes_nothing)
{
	map_rw maps[FREE_FRAMES] = { 0 }, more = OWNER_EMPTY;
	struct frame_usage full, now;

	for (unsigned int i = 0; i < FREE_FRAMES; i++)
		ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &maps[i]), 0);
	frame_usage(&full);
	ck_assert_uint_eq(full.free, 0);
	ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &more), -ENOMEM);
	ck_assert_int_eq(map_rw_new(0, FRAME_BUFFER, &more), -EINVAL);
	frame_usage(&now);
	ck_assert_mem_eq(&now, &full, sizeof(now));
	/* Every other page first: the drops split what the host has merged. */
	for (unsigned int i = 0; i < FREE_FRAMES; i += 2)
		map_rw_cleanup(&maps[i]);
	ck_assert_int_eq(map_rw_new(2, FRAME_BUFFER, &more), -ENOMEM);
	for (unsigned int i = 1; i < FREE_FRAMES; i += 2)
		map_rw_cleanup(&maps[i]);
	check_nothing_is_held();
	ck_assert_int_eq(map_rw_new(FREE_FRAMES, FRAME_BUFFER, &more), 0);
	map_rw_cleanup(&more);
	check_nothing_is_held();
}
END_TEST

START_TEST(a_shared_mapping_goes_with_its_last_owner)
{
	OWN(map_rw, rw) = OWNER_EMPTY;
	OWN(map_ro, ro) = OWNER_EMPTY;
	shared_ro first = OWNER_EMPTY, others[3];
	const char *at;

	ck_assert_int_eq(map_rw_new(2, FRAME_BUFFER, &rw), 0);
	strcpy(map_rw_at(&rw), "shared");
	ck_assert_int_eq(map_rw_seal(&rw, &ro), 0);
	at = map_ro_at(&ro);
	ck_assert_int_eq(shared_ro_new(&ro, &first), 0);
	ck_assert(IS_EMPTY(ro));
	ck_assert_uint_eq(shared_ro_owners(&first), 1);
	for (unsigned int i = 0; i < 3; i++) {
		others[i] = shared_ro_ref(&first);
		ck_assert_uint_eq(shared_ro_owners(&first), i + 2);
	}
	shared_ro_cleanup(&first);
	shared_ro_drop(MOVE(others[1]));
	ck_assert_uint_eq(shared_ro_owners(&others[0]), 2);
	ck_assert_ptr_eq(shared_ro_at(&others[2]), at);
	ck_assert_uint_eq(shared_ro_size(&others[2]), 2 * PAGE_SIZE);
	ck_assert_str_eq(at, "shared");
	shared_ro_drop(MOVE(others[0]));
	ck_assert_str_eq(fake_permissions((uintptr_t)at), "r--");
	shared_ro_drop(MOVE(others[2]));
	ck_assert_str_eq(fake_permissions((uintptr_t)at), "---");
	check_nothing_is_held();
}
END_TEST

/* Uses every function that maps; 0, or the first error. */
static int scenario(void)
{
	OWN(map_rw, stack) = OWNER_EMPTY;
	OWN(map_none, guard) = OWNER_EMPTY;
	OWN(map_rw, rw) = OWNER_EMPTY;
	OWN(map_ro, ro) = OWNER_EMPTY;
	OWN(map_x, x) = OWNER_EMPTY;
	OWN(shared_ro, shared) = OWNER_EMPTY;
	int r = map_rw_new(4, FRAME_STACK, &stack);

	if (r == 0)
		r = map_rw_guard(&stack, 1, &guard);
	if (r == 0)
		r = map_rw_new(2, FRAME_BUFFER, &rw);
	if (r == 0)
		r = map_rw_seal(&rw, &ro);
	if (r == 0)
		r = map_ro_unseal(&ro, &rw);
	if (r == 0)
		r = map_rw_seal_x(&rw, &x);
	if (r == 0)
		r = map_rw_new(1, FRAME_BUFFER, &rw);
	if (r == 0)
		r = map_rw_seal(&rw, &ro);
	if (r == 0)
		r = shared_ro_new(&ro, &shared);
	/* An owner is where it was before the step that failed, or where that step put it. */
	ck_assert_int_eq(r == 0, !IS_EMPTY(shared));
	return r;
}

START_TEST(every_kth_mapping_that_fails_leaves_everything_as_it_was)
{
	unsigned long k = 1;

	for (;; k++) {
		int r;

		fake_fail_map(k);
		r = scenario();
		check_nothing_is_held();
		if (!fake_has_failed()) {
			ck_assert_int_eq(r, 0);
			break;
		}
		/* The heap gives its spare pages back and tries again, so that one may succeed. */
		ck_assert(r == -ENOMEM || k == 9);
	}
	/* new, guard, new, seal, unseal, seal_x, new, seal, and the heap's page */
	ck_assert_uint_eq(k, 10);
}
END_TEST

START_TEST(a_permission_change_that_fails_leaves_the_owner_where_it_was)
{
	OWN(map_rw, rw) = OWNER_EMPTY;
	OWN(map_ro, ro) = OWNER_EMPTY;
	OWN(map_x, x) = OWNER_EMPTY;
	OWN(map_none, none) = OWNER_EMPTY;
	uint64_t word;

	ck_assert_int_eq(map_rw_new(3, FRAME_BUFFER, &rw), 0);
	word = rw.word;
	fake_fail_map(1);
	ck_assert_int_eq(map_rw_seal(&rw, &ro), -ENOMEM);
	fake_fail_map(1);
	ck_assert_int_eq(map_rw_seal_x(&rw, &x), -ENOMEM);
	fake_fail_map(1);
	ck_assert_int_eq(map_rw_guard(&rw, 1, &none), -ENOMEM);
	fake_fail_map(0);
	ck_assert(rw.word == word && IS_EMPTY(ro) && IS_EMPTY(x) && IS_EMPTY(none));
	ck_assert_int_eq(map_rw_seal(&rw, &ro), 0);
	fake_fail_map(1);
	ck_assert_int_eq(map_ro_unseal(&ro, &rw), -ENOMEM);
	ck_assert(ro.word == word && IS_EMPTY(rw));
}
END_TEST

static void crash_with_pages(void *argument)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	OWN(shared_ro, shared) = OWNER_EMPTY;
	OWN(map_ro, ro) = OWNER_EMPTY;

	if (map_rw_new(3, FRAME_BUFFER, &map) < 0 || map_rw_seal(&map, &ro) < 0 ||
	    shared_ro_new(&ro, &shared) < 0 || map_rw_new(2, FRAME_BUFFER, &map) < 0)
		return;
	panic("as planned");
}

START_TEST(a_crash_gives_back_the_pages_of_its_frames)
{
	ck_assert_str_eq(fake_panic_of(crash_with_pages, NULL), "as planned");
	check_nothing_is_held();
}
END_TEST

static void map_over(void *argument)
{
	(void)!map_rw_new(1, FRAME_BUFFER, argument);
}

START_TEST(a_new_mapping_into_a_full_place_panics_and_both_survive)
{
	map_rw map = OWNER_EMPTY;
	struct frame_usage usage, now;

	ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &map), 0);
	frame_usage(&usage);
	ck_assert_ptr_nonnull(fake_panic_of(map_over, &map));
	frame_usage(&now);
	ck_assert_mem_eq(&now, &usage, sizeof(now));
	ck_assert_str_eq(fake_permissions((uintptr_t)map_rw_at(&map)), "rw-");
	ck_assert_str_eq(fake_permissions((uintptr_t)map_rw_at(&map) + PAGE_SIZE), "---");
	map_rw_cleanup(&map);
	check_nothing_is_held();
}
END_TEST

static void drop_word(void *argument)
{
	map_rw_drop(*(map_rw *)argument);
}

START_TEST(dropping_a_mapping_twice_panics)
{
	map_rw map = OWNER_EMPTY, copy;

	ck_assert_int_eq(map_rw_new(1, FRAME_BUFFER, &map), 0);
	copy = map;
	map_rw_cleanup(&map);
	ck_assert_ptr_nonnull(fake_panic_of(drop_word, &copy));
	check_nothing_is_held();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory");
	TCase *tests = tcase_create("memory");

	tcase_add_checked_fixture(tests, start, NULL);
	tcase_add_test(tests, new_pages_are_zero_when_their_frames_were_written_before);
	tcase_add_test(tests, a_page_permits_what_its_owner_type_says);
	tcase_add_test(tests, a_dropped_buffer_is_handed_out_again_only_unmapped_and_cleared);
	tcase_add_test(tests, dropped_buffers_are_there_for_one_that_needs_them_all);
	tcase_add_test(tests,
		       a_mapping_that_the_machine_refuses_is_tried_again_without_what_was_dropped);
	tcase_add_test(tests, a_buffer_that_waits_to_be_unmapped_is_nobodys);
	tcase_add_test(tests, blocks_and_stacks_are_unmapped_as_they_are_dropped);
	tcase_add_test(tests, dropping_any_owner_type_unmaps_and_frees);
	tcase_add_test(tests, empty_owners_drop_to_nothing_and_change_to_nothing);
	tcase_add_test(tests, a_guard_takes_the_first_pages_and_leaves_at_least_one);
	tcase_add_test(tests, running_out_of_frames_is_an_error_and_takes_nothing);
	tcase_add_test(tests, a_shared_mapping_goes_with_its_last_owner);
	tcase_add_test(tests, every_kth_mapping_that_fails_leaves_everything_as_it_was);
	tcase_add_test(tests, a_permission_change_that_fails_leaves_the_owner_where_it_was);
	tcase_add_test(tests, a_crash_gives_back_the_pages_of_its_frames);
	tcase_add_test(tests, a_new_mapping_into_a_full_place_panics_and_both_survive);
	tcase_add_test(tests, dropping_a_mapping_twice_panics);
	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
