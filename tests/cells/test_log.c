/* SPDX-License-Identifier: MIT */
/* The log's ring and the text of trace events. */
#include <clew/log.h>

#include <stdio.h>
#include <string.h>

#include "fake_machine.h"

#define RECORDS 128 /* README */

START_TEST(an_empty_log_has_no_record)
{
	struct log_record record = { .id = 77 };

	ck_assert_int_eq(log_next(0, &record), -ENOENT);
	ck_assert_uint_eq(record.id, 77);
}
END_TEST

START_TEST(a_record_holds_text_time_and_task)
{
	struct log_record record;

	fake_set_clock(123456789, 42);
	log_write("%s took %d of %u", "greeter", -7, 9u);
	ck_assert_int_eq(log_next(0, &record), 0);
	ck_assert_uint_eq(record.id, 1);
	ck_assert_uint_eq(record.time_ns, 123456789);
	ck_assert_uint_eq(record.task, 42);
	ck_assert_str_eq(record.text, "greeter took -7 of 9");
	ck_assert_int_eq(log_next(1, &record), -ENOENT);
	ck_assert(fake_is_balanced());
}
END_TEST

static unsigned int count_records(uint64_t *ret_first)
{
	struct log_record record;
	uint64_t after = 0;
	unsigned int n = 0;
	char expected[16];

	for (; log_next(after, &record) == 0; n++) {
		if (n == 0)
			*ret_first = record.id;
		else
			ck_assert_uint_eq(record.id, after + 1);
		snprintf(expected, sizeof(expected), "%lu", record.id);
		ck_assert_str_eq(record.text, expected);
		after = record.id;
	}
	return n;
}

START_TEST(the_ring_keeps_the_last_128_in_order)
{
	uint64_t first;

	for (int i = 1; i <= RECORDS; i++)
		log_write("%d", i);
	ck_assert_uint_eq(count_records(&first), RECORDS);
	ck_assert_uint_eq(first, 1);
	log_write("%d", RECORDS + 1);
	ck_assert_uint_eq(count_records(&first), RECORDS);
	ck_assert_uint_eq(first, 2);
	for (int i = RECORDS + 2; i <= 1000; i++)
		log_write("%d", i);
	ck_assert_uint_eq(count_records(&first), RECORDS);
	ck_assert_uint_eq(first, 1000 - RECORDS + 1);
}
END_TEST

START_TEST(text_of_159_characters_is_kept_and_longer_text_is_cut)
{
	char text[LOG_TEXT_MAX + 1];
	struct log_record record;

	memset(text, 'x', sizeof(text));
	text[LOG_TEXT_MAX - 1] = 0;
	log_write("%s", text);
	ck_assert_int_eq(log_next(0, &record), 0);
	ck_assert_str_eq(record.text, text);
	text[LOG_TEXT_MAX - 1] = 'y';
	text[LOG_TEXT_MAX] = 0;
	log_write("%s", text);
	text[LOG_TEXT_MAX - 1] = 0;
	ck_assert_int_eq(log_next(1, &record), 0);
	ck_assert_str_eq(record.text, text);
}
END_TEST

START_TEST(writing_with_interrupts_off_leaves_them_off)
{
	fake_set_interrupts(false);
	log_write("quiet");
	ck_assert(!fake_interrupts_on());
	fake_set_interrupts(true);
	ck_assert(fake_is_balanced());
}
END_TEST

START_TEST(nothing_is_traced_unless_the_machine_traces)
{
	log_trace("\"event\":\"switch\"");
	ck_assert_str_eq(fake_trace(), "");
}
END_TEST

START_TEST(a_trace_event_is_one_object_with_time_and_task)
{
	fake_info()->flags = MACHINE_TRACE;
	fake_set_clock(5000, 3);
	log_trace("\"event\":\"%s\",\"to\":%u", "switch", 4u);
	ck_assert_str_eq(fake_trace(), "{\"t\":5000,\"task\":3,\"event\":\"switch\",\"to\":4}");
}
END_TEST

START_TEST(an_event_too_long_is_replaced_by_one_that_says_so)
{
	static const char head[] = "{\"t\":1,\"task\":1,";
	char text[1024], whole[1100];
	size_t most = 768 - 2 - strlen(head); /* README, without the brace and the zero */

	fake_info()->flags = MACHINE_TRACE;
	fake_set_clock(1, 1);
	memset(text, 'x', sizeof(text));
	text[most] = 0;
	log_trace("%s", text);
	snprintf(whole, sizeof(whole), "%s%s}", head, text);
	ck_assert_str_eq(fake_trace(), whole);
	text[most] = 'x';
	text[most + 1] = 0;
	log_trace("%s", text);
	snprintf(whole, sizeof(whole), "%s\"event\":\"too_long\",\"bytes\":%zu}", head,
		 strlen(head) + most + 1);
	ck_assert_str_eq(fake_trace(), whole);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tests = tcase_create("log");

	tcase_add_test(tests, an_empty_log_has_no_record);
	tcase_add_test(tests, a_record_holds_text_time_and_task);
	tcase_add_test(tests, the_ring_keeps_the_last_128_in_order);
	tcase_add_test(tests, text_of_159_characters_is_kept_and_longer_text_is_cut);
	tcase_add_test(tests, writing_with_interrupts_off_leaves_them_off);
	tcase_add_test(tests, nothing_is_traced_unless_the_machine_traces);
	tcase_add_test(tests, a_trace_event_is_one_object_with_time_and_task);
	tcase_add_test(tests, an_event_too_long_is_replaced_by_one_that_says_so);
	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
