/* SPDX-License-Identifier: MIT */
/*
 * OWN, MOVE, PUT and the interrupt guard, with cleanups run by a return and
 * by an unwinder.
 */
#include <clew/own.h>

#include <stdio.h>
#include <string.h>

#include <clew/irq.h>
#include <clew/panic.h>

#include "fake_machine.h"

OWNER(token);

static char released[64]; /* the words of the tokens released, one letter each, in order */

static void token_cleanup(token *place)
{
	size_t n = strlen(released);

	if (place->word == 0)
		return;
	released[n] = (char)('a' + place->word - 1);
	released[n + 1] = 0;
	place->word = 0;
}

static token token_new(char letter)
{
	return (token){ (uint64_t)(letter - 'a') + 1 };
}

static void consume(token taken)
{
	OWN(token, mine) = taken;
}

static void forget(void)
{
	released[0] = 0;
}

START_TEST(an_owner_is_one_word_and_empty_is_zero)
{
	token empty = OWNER_EMPTY;

	ck_assert_uint_eq(sizeof(token), 8);
	ck_assert_uint_eq(empty.word, 0);
	ck_assert(IS_EMPTY(empty));
	ck_assert(!IS_EMPTY(token_new('a')));
}
END_TEST

START_TEST(a_scope_releases_its_owners_once_and_last_first)
{
	{
		OWN(token, a) = token_new('a');
		OWN(token, b) = token_new('b');
		OWN(token, none) = OWNER_EMPTY;
		OWN(token, c) = token_new('c');

		ck_assert_str_eq(released, "");
		ck_assert(!IS_EMPTY(a) && !IS_EMPTY(b) && !IS_EMPTY(c));
	}
	ck_assert_str_eq(released, "cba");
}
END_TEST

START_TEST(move_takes_the_value_and_leaves_the_owner_empty)
{
	{
		OWN(token, a) = token_new('a');
		OWN(token, b) = MOVE(a);

		ck_assert(IS_EMPTY(a));
		ck_assert_uint_eq(b.word, 1);
		consume(MOVE(b));
		ck_assert(IS_EMPTY(b));
		ck_assert_str_eq(released, "a");
	}
	ck_assert_str_eq(released, "a");
}
END_TEST

START_TEST(move_and_put_evaluate_the_place_once)
{
	token tokens[3] = { token_new('a'), token_new('b'), token_new('c') }, places[2] = { 0 };
	int i = 0, j = 0;

	PUT(places[j++], MOVE(tokens[i++]));
	PUT(places[j++], MOVE(tokens[i++]));
	ck_assert_int_eq(i, 2);
	ck_assert_int_eq(j, 2);
	ck_assert_uint_eq(places[0].word, 1);
	ck_assert_uint_eq(places[1].word, 2);
	ck_assert(IS_EMPTY(tokens[0]) && IS_EMPTY(tokens[1]) && !IS_EMPTY(tokens[2]));
}
END_TEST

static int put_line;

static void put_into_full(void *argument)
{
	token *place = argument;
	OWN(token, b) = token_new('b');

	put_line = __LINE__ + 1;
	PUT(*place, MOVE(b));
}

START_TEST(put_into_a_full_place_panics_with_its_line_and_loses_neither)
{
	token place = token_new('a');
	char expected[160];
	const char *what = fake_panic_of(put_into_full, &place);

	ck_assert_ptr_nonnull(what);
	snprintf(expected, sizeof(expected), "overwritten: %s:%d", __FILE__, put_line);
	ck_assert_str_eq(what, expected);
	ck_assert_uint_eq(place.word, 1);
	ck_assert_str_eq(released, "b");
}
END_TEST

static void crash_inner(void)
{
	OWN(token, c) = token_new('c');
	OWN(token, gone) = token_new('x');

	consume(MOVE(gone));
	panic("deep");
}

static void crash_outer(void *argument)
{
	OWN(token, a) = token_new('a');
	OWN(token, b) = token_new('b');

	crash_inner();
}

START_TEST(unwinding_releases_every_frame_deepest_first_and_each_owner_once)
{
	ck_assert_str_eq(fake_panic_of(crash_outer, NULL), "deep");
	ck_assert_str_eq(released, "xcba");
}
END_TEST

static void assert_false(void *argument)
{
	OWN(token, a) = token_new('a');

	assert(argument != NULL);
}

START_TEST(an_assertion_that_fails_is_an_unwindable_call)
{
	ck_assert_ptr_null(fake_panic_of(assert_false, released));
	ck_assert_str_eq(released, "a");
	ck_assert_str_eq(fake_panic_of(assert_false, NULL), "assert: argument != NULL");
	ck_assert_str_eq(released, "aa");
}
END_TEST

START_TEST(an_interrupt_guard_restores_what_it_found)
{
	{
		OWN(irq_guard, outer) = irq_off();

		ck_assert(!fake_interrupts_on());
		{
			OWN(irq_guard, inner) = irq_off();

			ck_assert(!fake_interrupts_on());
		}
		ck_assert(!fake_interrupts_on());
	}
	ck_assert(fake_interrupts_on());
	ck_assert(fake_is_balanced());
}
END_TEST

START_TEST(an_interrupt_guard_that_was_moved_restores_once)
{
	{
		OWN(irq_guard, guard) = irq_off();
		{
			OWN(irq_guard, other) = MOVE(guard);

			ck_assert(IS_EMPTY(guard));
			ck_assert(!fake_interrupts_on());
		}
		ck_assert(fake_interrupts_on());
	}
	ck_assert(fake_is_balanced());
}
END_TEST

static void crash_with_interrupts_off(void *argument)
{
	OWN(irq_guard, guard) = irq_off();
	{
		OWN(irq_guard, inner) = irq_off();

		panic("off");
	}
}

START_TEST(a_crash_with_interrupts_off_turns_them_on_again)
{
	ck_assert_str_eq(fake_panic_of(crash_with_interrupts_off, NULL), "off");
	ck_assert(fake_is_balanced());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("own");
	TCase *tests = tcase_create("own");

	tcase_add_checked_fixture(tests, forget, NULL);
	tcase_add_test(tests, an_owner_is_one_word_and_empty_is_zero);
	tcase_add_test(tests, a_scope_releases_its_owners_once_and_last_first);
	tcase_add_test(tests, move_takes_the_value_and_leaves_the_owner_empty);
	tcase_add_test(tests, move_and_put_evaluate_the_place_once);
	tcase_add_test(tests, put_into_a_full_place_panics_with_its_line_and_loses_neither);
	tcase_add_test(tests, unwinding_releases_every_frame_deepest_first_and_each_owner_once);
	tcase_add_test(tests, an_assertion_that_fails_is_an_unwindable_call);
	tcase_add_test(tests, an_interrupt_guard_restores_what_it_found);
	tcase_add_test(tests, an_interrupt_guard_that_was_moved_restores_once);
	tcase_add_test(tests, a_crash_with_interrupts_off_turns_them_on_again);
	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
