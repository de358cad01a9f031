/* SPDX-License-Identifier: MIT */
/*
 * The line editor: what the line is after the keys, and what a terminal of
 * one row shows (a model of ECMA-48's CR, EL, CUB and ED on 80 columns).
 */
#include <string.h>

#include "editor.h"
#include "tap.h"

#define UP "\x1b[A"
#define DOWN "\x1b[B"
#define RIGHT "\x1b[C"
#define LEFT "\x1b[D"
#define HOME "\x1b[H"
#define END "\x1b[F"
#define DELETE "\x1b[3~"

static struct editor editor;
static enum editor_event last_event;

/* ---- the terminal ------------------------------------------------------------ */

static char row[EDITOR_COLUMNS + 1]; /* one byte a column */
static int at;

static void terminal_clear_from(int column)
{
	memset(row + column, ' ', (size_t)(EDITOR_COLUMNS - column));
	row[EDITOR_COLUMNS] = 0;
}

static const char *terminal_control(const char *text)
{
	int n = 0;

	ck_assert_int_eq(*text, '[');
	for (text++; *text >= '0' && *text <= '9'; text++)
		n = n * 10 + *text - '0';
	if (*text == 'K') {
		terminal_clear_from(at);
	} else if (*text == 'D') {
		at -= n;
	} else if (*text == 'H') {
		at = 0;
	} else {
		ck_assert_int_eq(*text, 'J');
		terminal_clear_from(0);
	}
	ck_assert_int_ge(at, 0);
	return text;
}

static void terminal_show(const struct editor_output *output)
{
	char text[EDITOR_OUTPUT_MAX + 1];

	memcpy(text, output->text, output->length);
	text[output->length] = 0;
	for (const char *c = text; *c; c++) {
		if (*c == '\r') {
			at = 0;
		} else if (*c == '\n') {
			terminal_clear_from(0);
		} else if (*c == '\x1b') {
			c = terminal_control(c + 1);
		} else if (((unsigned char)*c & 0xc0) != 0x80) {
			ck_assert_int_lt(at, EDITOR_COLUMNS); /* else it would wrap */
			row[at++] = *c;
		}
	}
}

/* ---- typing ------------------------------------------------------------------- */

static void begin(void)
{
	struct editor_output output = { .length = 0 };

	editor_begin(&editor, "> ", &output);
	terminal_show(&output);
}

static void type(const char *keys)
{
	for (; *keys; keys++) {
		struct editor_output output = { .length = 0 };

		last_event = editor_feed(&editor, (uint8_t)*keys, &output);
		terminal_show(&output);
		if (last_event == EDITOR_LINE && keys[1])
			begin();
	}
}

/* The screen shows the line, and its cursor where the editor's is. */
static void assert_shown(const char *line, int cursor)
{
	char expected[EDITOR_COLUMNS + 1];

	memset(expected, ' ', EDITOR_COLUMNS);
	expected[EDITOR_COLUMNS] = 0;
	memcpy(expected, "> ", 2);
	memcpy(expected + 2, line, strlen(line));
	ck_assert_str_eq(editor.line, line);
	ck_assert_str_eq(row, expected);
	ck_assert_int_eq(at, 2 + cursor);
}

static void setup(void)
{
	memset(&editor, 0, sizeof(editor));
	at = 0;
	terminal_clear_from(0);
	begin();
}

START_TEST(typed_text_is_the_line)
{
	type("ps -x");
	assert_shown("ps -x", 5);
	type("\r");
	ck_assert_int_eq(last_event, EDITOR_LINE);
	ck_assert_str_eq(editor.line, "ps -x");
}
END_TEST

START_TEST(text_is_inserted_at_the_cursor)
{
	type("ac" LEFT "b");
	assert_shown("abc", 2);
	type(HOME "0" END "d");
	assert_shown("0abcd", 5);
	type("\x01x\x05y");
	assert_shown("x0abcdy", 7);
}
END_TEST

START_TEST(the_cursor_stops_at_both_ends)
{
	type(LEFT "ab" RIGHT RIGHT);
	assert_shown("ab", 2);
	type(LEFT LEFT LEFT LEFT);
	assert_shown("ab", 0);
}
END_TEST

START_TEST(backspace_and_delete_erase_one_character)
{
	type("abcd\x7f");
	assert_shown("abc", 3);
	type(LEFT "\b");
	assert_shown("ac", 1);
	type(DELETE);
	assert_shown("a", 1);
	type(DELETE HOME "\x7f");
	assert_shown("a", 0);
	type("\x04");
	assert_shown("", 0);
}
END_TEST

START_TEST(control_k_u_and_w_erase_parts)
{
	type("one two  three\x17");
	assert_shown("one two  ", 9);
	type("\x17");
	assert_shown("one ", 4);
	type("two" LEFT LEFT "\x0b");
	assert_shown("one t", 5);
	type(LEFT "\x15");
	assert_shown("t", 0);
}
END_TEST

START_TEST(a_character_of_several_bytes_is_one_step)
{
	type("a\xc3\xa9z" LEFT LEFT);
	ck_assert_uint_eq(editor.cursor, 1);
	ck_assert_int_eq(at, 3);
	type(RIGHT "\x7f");
	assert_shown("az", 1);
}
END_TEST

START_TEST(up_and_down_walk_the_history_and_come_back_to_the_draft)
{
	type("first\rsecond\rdraft" UP);
	assert_shown("second", 6);
	type(UP);
	assert_shown("first", 5);
	type(UP);
	assert_shown("first", 5);
	type(DOWN DOWN);
	assert_shown("draft", 5);
	type(DOWN);
	assert_shown("draft", 5);
	type(UP UP "!\r");
	ck_assert_str_eq(editor.line, "first!");
}
END_TEST

START_TEST(empty_and_repeated_lines_are_not_kept)
{
	type("a\r\r\ra\rb\r\n" UP UP);
	assert_shown("a", 1);
	type(UP);
	assert_shown("a", 1);
	ck_assert_uint_eq(editor.n_history, 2);
}
END_TEST

START_TEST(the_history_keeps_the_last_32_lines)
{
	char line[8] = "lNN\r";

	for (int i = 0; i < 40; i++) {
		line[1] = (char)('0' + i / 10);
		line[2] = (char)('0' + i % 10);
		type(line);
		begin();
	}
	for (int i = 0; i < 40; i++)
		type(UP);
	assert_shown("l08", 3);
}
END_TEST

START_TEST(control_c_gives_the_line_up)
{
	type("abc\x03");
	ck_assert_int_eq(last_event, EDITOR_INTERRUPT);
	begin();
	assert_shown("", 0);
	ck_assert_uint_eq(editor.n_history, 0);
}
END_TEST

START_TEST(control_d_ends_the_input_on_an_empty_line_only)
{
	type("a\x04");
	ck_assert_int_eq(last_event, EDITOR_NONE);
	type("\x7f\x04");
	ck_assert_int_eq(last_event, EDITOR_END);
}
END_TEST

START_TEST(control_l_clears_the_screen_and_draws_the_line)
{
	type("abc" LEFT "\x0c");
	assert_shown("abc", 2);
}
END_TEST

START_TEST(a_line_longer_than_the_row_scrolls_and_never_wraps)
{
	char long_line[201], expected[EDITOR_COLUMNS + 1];

	for (int i = 0; i < 200; i++)
		long_line[i] = (char)('a' + i % 26);
	long_line[200] = 0;
	type(long_line);
	ck_assert_str_eq(editor.line, long_line);
	memcpy(expected, "> ", 2);
	memcpy(expected + 2, long_line + 200 - 77, 77);
	expected[79] = ' ';
	expected[80] = 0;
	ck_assert_str_eq(row, expected);
	ck_assert_int_eq(at, 79);
	type(HOME);
	memcpy(expected + 2, long_line, 77);
	ck_assert_str_eq(row, expected);
	ck_assert_int_eq(at, 2);
}
END_TEST

START_TEST(the_longest_line_is_taken_and_one_byte_more_is_dropped)
{
	for (int i = 0; i < EDITOR_LINE_MAX - 1; i++)
		type("x");
	ck_assert_uint_eq(editor.length, EDITOR_LINE_MAX - 1);
	type("y");
	ck_assert_uint_eq(editor.length, EDITOR_LINE_MAX - 1);
	ck_assert_ptr_null(strchr(editor.line, 'y'));
}
END_TEST

START_TEST(unknown_keys_change_nothing)
{
	type("ab\x1b[15~\x1b[1;5Q\x1bOP\x1bx\x1b[99999999999~\x0f\x1a");
	assert_shown("ab", 2);
}
END_TEST

START_TEST(a_carriage_return_and_its_line_feed_are_one_end)
{
	type("a\r");
	begin();
	type("\n");
	ck_assert_int_eq(last_event, EDITOR_NONE);
	type("\n");
	ck_assert_int_eq(last_event, EDITOR_LINE);
}
END_TEST

START_TEST(without_a_terminal_nothing_is_echoed_and_keys_are_text)
{
	struct editor_output output = { .length = 0 };
	const char *text = "a\tb\x01\x7f";

	editor.plain = true;
	editor_begin(&editor, "> ", &output);
	for (; *text; text++)
		ck_assert_int_eq(editor_feed(&editor, (uint8_t)*text, &output), EDITOR_NONE);
	ck_assert_int_eq(editor_feed(&editor, '\n', &output), EDITOR_LINE);
	ck_assert_str_eq(editor.line, "a\tb\x01\x7f");
	ck_assert_uint_eq(output.length, 0);
}
END_TEST

START_TEST(hiding_clears_the_row_and_drawing_brings_the_line_back)
{
	struct editor_output hide = { .length = 0 }, draw = { .length = 0 };

	type("abc" LEFT);
	editor_hide(&editor, &hide);
	terminal_show(&hide);
	ck_assert_int_eq(at, 0);
	ck_assert_uint_eq(strspn(row, " "), EDITOR_COLUMNS);
	editor_draw(&editor, &draw);
	terminal_show(&draw);
	assert_shown("abc", 2);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("editor");
	TCase *tcase = tcase_create("editor");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, typed_text_is_the_line);
	tcase_add_test(tcase, text_is_inserted_at_the_cursor);
	tcase_add_test(tcase, the_cursor_stops_at_both_ends);
	tcase_add_test(tcase, backspace_and_delete_erase_one_character);
	tcase_add_test(tcase, control_k_u_and_w_erase_parts);
	tcase_add_test(tcase, a_character_of_several_bytes_is_one_step);
	tcase_add_test(tcase, up_and_down_walk_the_history_and_come_back_to_the_draft);
	tcase_add_test(tcase, empty_and_repeated_lines_are_not_kept);
	tcase_add_test(tcase, the_history_keeps_the_last_32_lines);
	tcase_add_test(tcase, control_c_gives_the_line_up);
	tcase_add_test(tcase, control_d_ends_the_input_on_an_empty_line_only);
	tcase_add_test(tcase, control_l_clears_the_screen_and_draws_the_line);
	tcase_add_test(tcase, a_line_longer_than_the_row_scrolls_and_never_wraps);
	tcase_add_test(tcase, the_longest_line_is_taken_and_one_byte_more_is_dropped);
	tcase_add_test(tcase, unknown_keys_change_nothing);
	tcase_add_test(tcase, a_carriage_return_and_its_line_feed_are_one_end);
	tcase_add_test(tcase, without_a_terminal_nothing_is_echoed_and_keys_are_text);
	tcase_add_test(tcase, hiding_clears_the_row_and_drawing_brings_the_line_back);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	return tap_run(make_suite());
}
