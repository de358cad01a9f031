/* SPDX-License-Identifier: MIT */
/* The words of the pc machine's command line. */
#include <string.h>

#include "machine/pc/boot/boot.h"
#include "tap.h"

static struct boot_words accept(const char *text)
{
	char error[BOOT_ERROR_MAX] = "unset";
	struct boot_words words;

	memset(&words, 0xee, sizeof(words));
	ck_assert_int_eq(boot_parse_words(text, &words, error), 0);
	ck_assert_str_eq(error, "unset");
	return words;
}

/* The sentence, until the next call; of the words, debug_exit alone is set. */
static const char *refuse_with(const char *text, bool debug_exit)
{
	static char error[BOOT_ERROR_MAX];
	struct boot_words words, before;

	memset(error, 'x', sizeof(error));
	memset(&words, 0xee, sizeof(words));
	before = words;
	before.debug_exit = debug_exit;
	ck_assert_int_eq(boot_parse_words(text, &words, error), -EINVAL);
	ck_assert_mem_eq(&words, &before, sizeof(words));
	ck_assert_ptr_nonnull(memchr(error, 0, sizeof(error)));
	return error;
}

static const char *refuse(const char *text)
{
	return refuse_with(text, false);
}

static void expect(struct boot_words words, uint32_t flags, uint64_t seed, bool debug_exit)
{
	ck_assert_uint_eq(words.flags, flags);
	ck_assert_uint_eq(words.seed, seed);
	ck_assert_int_eq(words.debug_exit, debug_exit);
}

START_TEST(no_words_set_nothing)
{
	expect(accept(""), 0, 0, false);
	expect(accept(" \t\r\n "), 0, 0, false);
}
END_TEST

START_TEST(each_word_sets_what_it_says)
{
	expect(accept("interactive"), MACHINE_INTERACTIVE, 0, false);
	expect(accept("trace"), MACHINE_TRACE, 0, false);
	expect(accept("debug-exit"), 0, 0, true);
	expect(accept("seed=7"), MACHINE_SEEDED, 7, false);
}
END_TEST

START_TEST(words_come_in_any_order_with_any_blanks)
{
	expect(accept("  seed=12\ttrace  debug-exit interactive\n"),
	       MACHINE_SEEDED | MACHINE_TRACE | MACHINE_INTERACTIVE, 12, true);
	expect(accept("trace trace"), MACHINE_TRACE, 0, false);
	expect(accept("seed=1 seed=2"), MACHINE_SEEDED, 2, false);
}
END_TEST

START_TEST(seeds_are_decimal_numbers_of_64_bits)
{
	expect(accept("seed=0"), MACHINE_SEEDED, 0, false);
	expect(accept("seed=00012"), MACHINE_SEEDED, 12, false);
	expect(accept("seed=18446744073709551615"), MACHINE_SEEDED, UINT64_MAX, false);
}
END_TEST

START_TEST(other_seeds_are_refused_with_the_word)
{
	static const char *const bad[] = { "seed=18446744073709551616",
					   "seed=184467440737095516150",
					   "seed=99999999999999999999999999",
					   "seed=",
					   "seed=-1",
					   "seed=+1",
					   "seed=0x10",
					   "seed=1a",
					   "seed=1,2" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *error = refuse(bad[i]);

		ck_assert_ptr_nonnull(strstr(error, bad[i]));
		ck_assert_ptr_nonnull(strstr(error, "decimal"));
	}
}
END_TEST

START_TEST(unknown_words_are_named_and_the_known_ones_listed)
{
	const char *error = refuse("trace /boot/clew.elf seed=x");

	ck_assert_ptr_nonnull(strstr(error, "'/boot/clew.elf'"));
	ck_assert_ptr_nonnull(strstr(error, "interactive"));
	ck_assert_ptr_nonnull(strstr(error, "trace"));
	ck_assert_ptr_nonnull(strstr(error, "debug-exit"));
	ck_assert_ptr_nonnull(strstr(error, "seed=N"));
}
END_TEST

START_TEST(debug_exit_counts_before_and_after_a_wrong_word)
{
	refuse_with("debug-exit foo", true);
	refuse_with("trace foo debug-exit", true);
	ck_assert_ptr_nonnull(strstr(refuse_with("seed=x debug-exit foo", true), "'seed=x'"));
	refuse_with("foo debug-exit2", false);
}
END_TEST

START_TEST(words_must_match_to_the_last_letter)
{
	static const char *const bad[] = { "trac",	   "traces", "Trace",	    "seed",
					   "seeds=1",	   "=",	     "-trace",	    "seed 1",
					   "interactive1", "debug",  "debug-exit=1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_ptr_nonnull(strstr(refuse(bad[i]), "found '"));
}
END_TEST

START_TEST(long_words_and_control_characters_do_not_reach_the_terminal)
{
	char text[BOOT_WORDS_MAX];
	const char *error;

	memset(text, 'w', sizeof(text));
	text[sizeof(text) - 1] = 0;
	text[1] = '\x1b';
	text[2] = '\xff';
	error = refuse(text);
	ck_assert_ptr_nonnull(strstr(error, "'w??www"));
	ck_assert_ptr_nonnull(strstr(error, "w'"));
	memcpy(text, "seed=", 5);
	refuse(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("words");
	TCase *words = tcase_create("words");

	suite_add_tcase(suite, words);
	tcase_add_test(words, no_words_set_nothing);
	tcase_add_test(words, each_word_sets_what_it_says);
	tcase_add_test(words, words_come_in_any_order_with_any_blanks);
	tcase_add_test(words, seeds_are_decimal_numbers_of_64_bits);
	tcase_add_test(words, other_seeds_are_refused_with_the_word);
	tcase_add_test(words, unknown_words_are_named_and_the_known_ones_listed);
	tcase_add_test(words, debug_exit_counts_before_and_after_a_wrong_word);
	tcase_add_test(words, words_must_match_to_the_last_letter);
	tcase_add_test(words, long_words_and_control_characters_do_not_reach_the_terminal);
	return tap_run(suite);
}
