/* SPDX-License-Identifier: MIT */
/*
 * Tables as text and as JSON.  The JSON expected is RFC 8259's: which bytes
 * have to be escaped, and how.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <clew/console.h>

#include "table.h"
#include "tap.h"

static char printed[16384];

/* The console's, which the table prints with. */
void print(const char *format, ...)
{
	size_t length = strlen(printed);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(printed + length, sizeof(printed) - length, format, arguments);
	va_end(arguments);
}

static const struct table_column columns[] = {
	{ "name", TABLE_TEXT, 6 },  { "state_bytes", TABLE_NUMBER, 11 }, { "at", TABLE_HEX, 6 },
	{ "up", TABLE_SECONDS, 9 }, { "current", TABLE_YES, 7 },
};

static void put_row(struct table *table, const char *name, uint64_t value)
{
	table_put_text(table, name);
	table_put(table, value);
	table_put(table, value);
	table_put(table, value);
	table_put(table, value != 0);
}

static void print_table(bool json, int rows)
{
	struct table table;

	printed[0] = 0;
	TABLE_BEGIN(&table, columns, json);
	if (rows > 0)
		put_row(&table, "heap", 4096);
	if (rows > 1)
		put_row(&table, "a", 0);
	table_end(&table);
}

START_TEST(columns_are_aligned_and_lines_have_no_trailing_blanks)
{
	print_table(false, 2);
	ck_assert_str_eq(printed, "NAME    STATE BYTES      AT         UP  CURRENT\n"
				  "heap           4096  0x1000   0.000004  yes\n"
				  "a                 0     0x0   0.000000  no\n");
}
END_TEST

START_TEST(a_value_wider_than_its_column_is_printed_whole)
{
	static const struct table_column narrow[] = { { "a", TABLE_TEXT, 1 },
						      { "b", TABLE_NUMBER, 1 } };
	struct table table;

	printed[0] = 0;
	TABLE_BEGIN(&table, narrow, false);
	table_put_text(&table, "wide");
	table_put(&table, 1234);
	table_end(&table);
	ck_assert_str_eq(printed, "A  B\nwide  1234\n");
}
END_TEST

START_TEST(json_is_an_array_of_objects_with_the_same_members)
{
	print_table(true, 2);
	ck_assert_str_eq(printed,
			 "[\n"
			 "  {\"name\": \"heap\", \"state_bytes\": 4096, \"at\": \"0x1000\", "
			 "\"up\": 0.000004, \"current\": true},\n"
			 "  {\"name\": \"a\", \"state_bytes\": 0, \"at\": \"0x0\", "
			 "\"up\": 0.000000, \"current\": false}\n"
			 "]\n");
}
END_TEST

START_TEST(an_empty_table_is_a_heading_or_an_empty_array)
{
	print_table(false, 0);
	ck_assert_str_eq(printed, "NAME    STATE BYTES      AT         UP  CURRENT\n");
	print_table(true, 0);
	ck_assert_str_eq(printed, "[]\n");
}
END_TEST

START_TEST(quotes_backslashes_and_control_characters_are_escaped)
{
	static const struct table_column one[] = { { "name", TABLE_TEXT, 4 } };
	struct table table;

	printed[0] = 0;
	TABLE_BEGIN(&table, one, true);
	table_put_text(&table, "a\"b\\c\n\x1f\xc3\xa9");
	table_end(&table);
	ck_assert_str_eq(printed, "[\n  {\"name\": \"a\\\"b\\\\c\\u000a\\u001f\xc3\xa9\"}\n]\n");
}
END_TEST

START_TEST(the_largest_number_is_printed_whole)
{
	static const struct table_column one[] = { { "n", TABLE_NUMBER, 4 } };
	struct table table;

	printed[0] = 0;
	TABLE_BEGIN(&table, one, false);
	table_put(&table, UINT64_MAX);
	table_end(&table);
	ck_assert_str_eq(printed, "   N\n18446744073709551615\n");
}
END_TEST

START_TEST(text_that_is_too_long_is_cut_and_the_json_stays_whole)
{
	static const struct table_column one[] = { { "n", TABLE_TEXT, 4 } };
	char text[2 * TABLE_TEXT_MAX];
	struct table table;

	memset(text, '\n', sizeof(text));
	text[sizeof(text) - 1] = 0;
	printed[0] = 0;
	TABLE_BEGIN(&table, one, true);
	table_put_text(&table, text);
	table_end(&table);
	ck_assert_uint_eq(strlen(printed), strlen("[\n  {\"n\": \"\"}\n]\n") + 6 * TABLE_TEXT_MAX);
	ck_assert_str_eq(printed + strlen(printed) - 5, "\"}\n]\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");

	tcase_add_test(tcase, columns_are_aligned_and_lines_have_no_trailing_blanks);
	tcase_add_test(tcase, a_value_wider_than_its_column_is_printed_whole);
	tcase_add_test(tcase, json_is_an_array_of_objects_with_the_same_members);
	tcase_add_test(tcase, an_empty_table_is_a_heading_or_an_empty_array);
	tcase_add_test(tcase, quotes_backslashes_and_control_characters_are_escaped);
	tcase_add_test(tcase, the_largest_number_is_printed_whole);
	tcase_add_test(tcase, text_that_is_too_long_is_cut_and_the_json_stays_whole);
	suite_add_tcase(suite, tcase);
	return tap_run(suite);
}
