/* SPDX-License-Identifier: MIT */
/*
 * Splitting a text into commands and words.  Expected words are those that
 * POSIX sh gives for the same text (XCU 2.2 and 2.7), where the two agree.
 */
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "tap.h"

#define OUTPUT_ERROR "expected COMMAND > FILE, with one > or >>"

static struct line line;

/* Words joined by |, commands by ||; the file for output after > or >>, & in the background. */
static void split_all(const char *text, size_t size, char *ret)
{
	const char *at = text;
	int r;

	*ret = 0;
	while ((r = line_next(&at, text + size, &line)) != LINE_E_END) {
		if (*ret)
			strcat(ret, "||");
		if (r != 0) {
			strcat(ret, line_error(r));
			continue;
		}
		for (int i = 0; i < line.argc; i++) {
			strcat(ret, i > 0 ? "|" : "");
			strcat(ret, line.argv[i]);
		}
		if (line.output) {
			strcat(ret, line.append ? ">>" : ">");
			strcat(ret, line.output);
		}
		ck_assert_ptr_null(line.argv[line.argc]);
		strcat(ret, line.background ? "&" : "");
	}
	ck_assert_ptr_eq(at, text + size);
}

static void assert_split(const char *text, const char *expected)
{
	char found[8192];

	split_all(text, strlen(text), found);
	ck_assert_str_eq(found, expected);
}

START_TEST(words_are_separated_by_any_blanks)
{
	assert_split("ps", "ps");
	assert_split("  swap\tgreeter   greeter_v2.o \r", "swap|greeter|greeter_v2.o");
}
END_TEST

START_TEST(commands_are_separated_by_semicolons_and_newlines)
{
	assert_split("a;b\nc d", "a||b||c|d");
	assert_split(";;a ; ;\n\n b;", "a||b");
}
END_TEST

START_TEST(a_text_of_nothing_but_separators_has_no_command)
{
	assert_split("", "");
	assert_split(" \t;\n; ", "");
	assert_split("# only a comment", "");
}
END_TEST

START_TEST(quotes_keep_separators_and_may_be_part_of_a_word)
{
	assert_split("echo 'a; b' \"c # d\"", "echo|a; b|c # d");
	assert_split("echo a'b'\"c\"d", "echo|abcd");
	assert_split("echo ''", "echo|");
	assert_split("echo \"it's\" 'say \"x\"'", "echo|it's|say \"x\"");
	assert_split("echo 'two\nlines'", "echo|two\nlines");
}
END_TEST

START_TEST(a_backslash_quotes_the_next_byte_except_between_single_quotes)
{
	assert_split("echo a\\ b \\; \\#", "echo|a b|;|#");
	assert_split("echo \"a\\\"b\" \"c\\\\d\"", "echo|a\"b|c\\d");
	assert_split("echo 'a\\b'", "echo|a\\b");
}
END_TEST

START_TEST(a_comment_goes_to_the_end_of_its_line)
{
	assert_split("a # b; c\nd", "a||d");
	assert_split("# first\na", "a");
	assert_split("a b#c", "a|b#c");
}
END_TEST

START_TEST(an_ampersand_ends_a_command_and_puts_it_in_the_background)
{
	assert_split("run hammer &", "run|hammer&");
	assert_split("run hammer& ps", "run|hammer&||ps");
	assert_split("echo '&'", "echo|&");
	assert_split("& ps", "nothing before &||ps");
}
END_TEST

START_TEST(the_word_after_an_arrow_is_the_file_for_the_output)
{
	assert_split("ps > a", "ps>a");
	assert_split("ps>a;ps>>a", "ps>a||ps>>a");
	assert_split(">a ps --json", "ps|--json>a");
	assert_split("echo a >b c & ps", "echo|a|c>b&||ps");
	assert_split("echo a > 'b c'\"d\"", "echo|a>b cd");
	assert_split("echo '>' \">>\" a\\>b # > c", "echo|>|>>|a>b");
	assert_split("echo a >\nb", OUTPUT_ERROR "||b");
	assert_split("echo a > b > c; d", OUTPUT_ERROR "||d");
	assert_split("echo a > > c", OUTPUT_ERROR);
	assert_split("echo a >>> c", OUTPUT_ERROR);
	assert_split("> c", OUTPUT_ERROR);
	assert_split("echo >", OUTPUT_ERROR);
}
END_TEST

START_TEST(a_quote_that_does_not_end_is_an_error_and_the_last_thing)
{
	assert_split("a; echo 'b; c", "a||a quote does not end");
	assert_split("echo \"b\\\"", "a quote does not end");
}
END_TEST

START_TEST(the_largest_number_of_words_is_taken_and_one_more_is_refused)
{
	char text[4 * LINE_WORDS_MAX + 16] = "", found[8192];

	for (int i = 0; i < LINE_WORDS_MAX; i++)
		strcat(text, "w ");
	split_all(text, strlen(text), found);
	ck_assert_uint_eq(strlen(found), 2 * LINE_WORDS_MAX - 1);
	strcat(text, "w; next");
	assert_split(text, "too many words||next");
}
END_TEST

START_TEST(the_longest_text_is_taken_and_one_byte_more_is_refused)
{
	char text[LINE_TEXT_MAX + 16], found[8192];

	memset(text, 'w', sizeof(text));
	split_all(text, LINE_TEXT_MAX - 1, found); /* and the zero */
	ck_assert_uint_eq(strlen(found), LINE_TEXT_MAX - 1);
	memcpy(text + LINE_TEXT_MAX, "; next", 7);
	assert_split(text, "too many words||next");
}
END_TEST

START_TEST(nothing_is_read_past_the_end_of_the_text)
{
	static const char endings[] = "ab\\\"'#;&\n ";

	for (size_t i = 1; i < sizeof(endings); i++) {
		char *text = malloc(i), found[8192]; /* so that a sanitizer or Valgrind sees it */

		memcpy(text, endings, i);
		split_all(text, i, found);
		free(text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("line");
	TCase *tcase = tcase_create("line");

	tcase_add_test(tcase, words_are_separated_by_any_blanks);
	tcase_add_test(tcase, commands_are_separated_by_semicolons_and_newlines);
	tcase_add_test(tcase, a_text_of_nothing_but_separators_has_no_command);
	tcase_add_test(tcase, quotes_keep_separators_and_may_be_part_of_a_word);
	tcase_add_test(tcase, a_backslash_quotes_the_next_byte_except_between_single_quotes);
	tcase_add_test(tcase, a_comment_goes_to_the_end_of_its_line);
	tcase_add_test(tcase, an_ampersand_ends_a_command_and_puts_it_in_the_background);
	tcase_add_test(tcase, the_word_after_an_arrow_is_the_file_for_the_output);
	tcase_add_test(tcase, a_quote_that_does_not_end_is_an_error_and_the_last_thing);
	tcase_add_test(tcase, the_largest_number_of_words_is_taken_and_one_more_is_refused);
	tcase_add_test(tcase, the_longest_text_is_taken_and_one_byte_more_is_refused);
	tcase_add_test(tcase, nothing_is_read_past_the_end_of_the_text);
	suite_add_tcase(suite, tcase);
	return tap_run(suite);
}
