/* SPDX-License-Identifier: MIT */
/*
 * What is read from the control line and the bulk line, step by step.
 *
 * The cell's neighbours are in this file: a line that is a script of bytes,
 * breaks and ends, a bulk line of bytes that come at a time, a shell that
 * remembers what it was told, and tasks that run where they are spawned.
 */
#include <clew/control.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <clew/bulk.h>
#include <clew/child.h>
#include <clew/console.h>
#include <clew/log.h>
#include <clew/memory.h>
#include <clew/shell.h>
#include <clew/task.h>

#include "base/crc32.h"
#include "fake_machine.h"

#define FREE_FRAMES 400u
#define EVENTS_MAX 20000u
#define BULK_MAX 400000u
#define BREAK (-1) /* in the script of the line */
#define END (-2)

static struct frame_usage before;
static uint64_t now_ns;
static struct task_loop loop;

/* ---- the control line -------------------------------------------------------------- */

static int events[EVENTS_MAX];
static size_t n_events, next_event;
static char answers[4096];
static size_t n_answers;

static void line_event(int event)
{
	events[n_events++] = event;
}

static void line_bytes(const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		line_event(((const uint8_t *)bytes)[i]);
}

static void line_text(const char *text)
{
	line_bytes(text, strlen(text));
}

/* After the script the line is silent: time passes. */
int console_read_step(int stream, void *ret, size_t size, uint64_t deadline_ns, size_t *ret_size)
{
	size_t n = 0;

	ck_assert_int_eq(stream, CONSOLE_CONTROL);
	if (next_event == n_events) {
		if (deadline_ns == WAIT_FOREVER)
			return CONSOLE_E_INTERRUPT; /* the test's way to see that it waits */
		if (deadline_ns > now_ns)
			fake_set_clock(now_ns = deadline_ns, 0);
		return WAIT_E_TIMEOUT;
	}
	if (events[next_event] < 0)
		return events[next_event++] == BREAK ? CONSOLE_E_BREAK : CONSOLE_E_END;
	while (n < size && next_event < n_events && events[next_event] >= 0)
		((uint8_t *)ret)[n++] = (uint8_t)events[next_event++];
	*ret_size = n;
	return 0;
}

void console_send(const char *bytes, size_t size)
{
	ck_assert_uint_lt(n_answers + size, sizeof(answers));
	memcpy(answers + n_answers, bytes, size);
	answers[n_answers += size] = 0;
}

void console_set_session(uint64_t task)
{
}

/* ---- the bulk line -------------------------------------------------------------------- */

static uint8_t bulk[BULK_MAX];
static size_t n_bulk, n_taken, bulk_piece; /* a take gets at most bulk_piece bytes */
static uint64_t bulk_pause_ns;		   /* between two of them */
static uint64_t bulk_at_ns;		   /* when the next one is there */
static int bulk_error;

static void bulk_bytes(const void *bytes, size_t size)
{
	ck_assert_uint_le(n_bulk + size, BULK_MAX);
	memcpy(bulk + n_bulk, bytes, size);
	n_bulk += size;
}

static void bulk_block(uint32_t id, const void *bytes, uint32_t size)
{
	/* bulk.h: magic "blk1" in the order of the bytes, id, length, 0 */
	uint32_t header[4] = { 0x316b6c62, id, size, 0 };

	bulk_bytes(header, sizeof(header));
	bulk_bytes(bytes, size);
}

int bulk_take(void *ret, size_t size, size_t *ret_size)
{
	size_t n = n_bulk - n_taken;

	if (bulk_error)
		return bulk_error;
	ck_assert_uint_gt(size, 0);
	if (now_ns < bulk_at_ns)
		n = 0;
	n = n < size ? n : size;
	n = bulk_piece && n > bulk_piece ? bulk_piece : n;
	memcpy(ret, bulk + n_taken, n);
	n_taken += n;
	*ret_size = n;
	if (n > 0)
		bulk_at_ns = now_ns + bulk_pause_ns;
	return 0;
}

/* ---- shell, tasks, log -------------------------------------------------------------------- */

static char executed[256], swapped[64];
static uint8_t object[BULK_MAX];
static size_t object_size;
static int result;

int shell_execute(const char *text, int stream)
{
	snprintf(executed, sizeof(executed), "%s", text);
	return 0;
}

int shell_swap(const char *name, const char *file, const void *bytes, size_t size,
	       struct diag *reterr)
{
	snprintf(swapped, sizeof(swapped), "%s", name);
	memcpy(object, bytes, size);
	object_size = size;
	return 0;
}

void shell_describe(char *to, size_t size, const char *command, int error, const struct diag *diag)
{
	snprintf(to, size, "%s: failed", command);
}

int task_repeat(void *unused)
{
	return 0;
}

int task_spawn(int (*entry)(void *), const void *argument, size_t size,
	       const struct task_options *options, task_handle *ret)
{
	if (entry == task_repeat)
		loop = *(const struct task_loop *)argument;
	else
		result = entry((void *)(uintptr_t)argument);
	ret->word = 7;
	return 0;
}

int task_join_step(const task_handle *task, uint64_t deadline_ns, struct task_exit *ret)
{
	*ret = (struct task_exit){ TASK_RETURNED, result };
	return 0;
}

kill_hold task_hold_kill(void)
{
	return (kill_hold)OWNER_EMPTY;
}

void kill_hold_cleanup(kill_hold *place)
{
}

int task_kill(uint64_t id)
{
	return -ENOENT;
}

void task_detach(task_handle task)
{
}

void task_handle_cleanup(task_handle *place)
{
	place->word = 0;
}

void task_safe_point(void)
{
}

void log_write(const char *format, ...)
{
}

/* ---- running -------------------------------------------------------------------------------- */

static void start(void)
{
	fake_start();
	fake_region(0, 2, MACHINE_REGION_NANO_CORE);
	fake_region(2, FREE_FRAMES + 1, MACHINE_REGION_FREE);
	ck_assert_int_eq(frame_init(machine_info()), 0);
	frame_usage(&before);
	ck_assert_int_eq(control_start(), 0);
}

/* Until the script is at its end and the cell waits for more. */
static void run(void)
{
	struct frame_usage now;

	while (next_event < n_events)
		ck_assert_int_eq(loop.step(loop.argument), TASK_AGAIN);
	frame_usage(&now);
	ck_assert_mem_eq(&now, &before, sizeof(now));
	ck_assert(fake_is_balanced());
}

static void check_answers(const char *expected)
{
	run();
	ck_assert_str_eq(answers, expected);
	answers[n_answers = 0] = 0;
}

/* The checksums are those of zlib. */
#define ECHO_1 "clew1 exec 6 4e2a45be\necho 1"
#define ECHO_2 "clew1 exec 6 d7231404\necho 2"

static void line_swap(uint32_t id, const void *payload, size_t size)
{
	char header[CONTROL_HEADER_MAX];

	snprintf(header, sizeof(header), "clew1 swap %zu %08x greeter bulk=%u\n", size,
		 crc32_update(0, payload, size), id);
	line_text(header);
}

static void check_refused(const char *why)
{
	char expected[256];

	snprintf(expected, sizeof(expected), "error %zu\n%sdone 1\n", strlen(why), why);
	check_answers(expected);
	ck_assert_str_eq(swapped, "");
}

static void check_swapped(const void *payload, size_t size)
{
	check_answers("done 0\n");
	ck_assert_str_eq(swapped, "greeter");
	ck_assert_uint_eq(object_size, size);
	ck_assert_mem_eq(object, payload, size);
	swapped[0] = 0;
}

/* ---- sessions ---------------------------------------------------------------------------------
 */

START_TEST(a_session_that_began_by_carrier_needs_no_sync)
{
	start();
	line_text(ECHO_1);
	check_answers("done 0\n");
	ck_assert_str_eq(executed, "echo 1");
	line_event(END);
	line_text("clew1 sync 0 00000000 n"
		  "\n" ECHO_2);
	check_answers("sync n\ndone 0\n");
	ck_assert_str_eq(executed, "echo 2");
}
END_TEST

START_TEST(after_a_break_lines_are_skipped_until_sync)
{
	start();
	line_event(BREAK);
	line_text("\n\nclew1\nclew1 sync\nclew1 sync 0 00000000\nclew1 sync 0 00000000 \nclew1 "
		  "sync 1 00000000 n\n"
		  "sync 0 00000000 n\nclew1 sync 0 0000000g n\nclew1 swap 0 00000000 n\n" ECHO_1
		  "\nclew1 sync 0 00000000 0123456789abcdef0123456789abcde\n");
	check_answers("sync 0123456789abcdef0123456789abcde\n");
	ck_assert_str_eq(executed, "");
	line_text(ECHO_2);
	check_answers("done 0\n");
	ck_assert_str_eq(executed, "echo 2");
}
END_TEST

START_TEST(what_was_under_way_may_stand_before_sync_on_its_line)
{
	static const size_t sizes[] = { 1, 5, 63, 64, 65, 127, 128, 129, 1000, 10000 };

	start();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		line_event(BREAK);
		for (size_t n = 0; n < sizes[i]; n++)
			line_event((int)("clew1 sync "[n % 11]));
		line_text("clew1 sync 0 00000000 0123456789abcdef0123456789abcde\n");
		check_answers("sync 0123456789abcdef0123456789abcde\n");
		n_events = next_event = 0;
	}
}
END_TEST

/* A break is a zero byte in the stream too. */
START_TEST(zero_bytes_before_sync_are_passed_over)
{
	static const char bytes[] = "clew1 sy\0nc\0\0clew1 sync 0 00000000 n\n";

	start();
	line_event(BREAK);
	line_bytes(bytes, sizeof(bytes) - 1);
	check_answers("sync n\n");
}
END_TEST

START_TEST(each_break_asks_for_sync_again)
{
	start();
	for (int i = 0; i < 3; i++) {
		line_event(BREAK);
		line_text("clew1 sync 0 000");
	}
	line_event(BREAK);
	line_text("clew1 sync 0 00000000 a\n");
	line_event(BREAK);
	line_text(ECHO_1 "\nclew1 sync 0 00000000 b\n");
	check_answers("sync a\nsync b\n");
	ck_assert_str_eq(executed, "");
}
END_TEST

START_TEST(a_break_within_a_request_ends_it_without_an_answer)
{
	static const char request[] = ECHO_1;

	start();
	for (size_t n = 0; n < sizeof(request) - 1; n++) {
		line_bytes(request, n);
		line_event(BREAK);
		line_text("\nclew1 sync 0 00000000 n\n");
		check_answers("sync n\n");
	}
	ck_assert_str_eq(executed, "");
}
END_TEST

START_TEST(a_break_while_the_rest_of_a_refused_request_is_dropped_is_seen)
{
	start();
	line_text("clew1 erase 0 00000000\nrest");
	line_event(BREAK);
	line_text(ECHO_1 "\nclew1 sync 0 00000000 n\n");
	check_answers("error 18\nunknown verb erasedone 1\nsync n\n");
	ck_assert_str_eq(executed, "");
}
END_TEST

START_TEST(carrier_after_a_break_needs_no_sync)
{
	start();
	line_event(BREAK);
	line_text("clew1 s");
	line_event(END);
	line_text(ECHO_1);
	check_answers("done 0\n");
}
END_TEST

/* ---- the bulk line
 * -------------------------------------------------------------------------------- */

static uint8_t payload[100000], other[5000];

static void start_bulk(void)
{
	start();
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)fake_random(256);
	for (size_t i = 0; i < sizeof(other); i++)
		other[i] = (uint8_t)fake_random(256);
}

START_TEST(a_payload_comes_as_its_block)
{
	static const size_t pieces[] = { 0, 1, 15, 17, 4096 };

	start_bulk();
	bulk_piece = pieces[_i];
	bulk_pause_ns = NS_PER_MS;
	bulk_block(1, payload, 5000);
	line_swap(1, payload, 5000);
	check_swapped(payload, 5000);
	bulk_block(4294967295, payload, 0);
	line_swap(4294967295, payload, 0);
	check_swapped(payload, 0);
}
END_TEST

START_TEST(other_blocks_are_skipped)
{
	start_bulk();
	bulk_piece = 777;
	bulk_block(1, other, sizeof(other));
	bulk_block(2, payload, 0);
	bulk_block(3, other, 1);
	bulk_block(4, payload, sizeof(payload));
	line_swap(4, payload, sizeof(payload));
	check_swapped(payload, sizeof(payload));
}
END_TEST

START_TEST(a_block_shorter_than_the_payload_was_truncated)
{
	start_bulk();
	bulk_block(1, payload, 4999);
	bulk_block(2, payload, 5000);
	line_swap(1, payload, 5000);
	check_refused("payload truncated: expected 5000 bytes, found 4999");
	line_swap(2, payload, 5000);
	check_swapped(payload, 5000);
}
END_TEST

START_TEST(a_block_longer_than_the_payload_is_refused_and_skipped)
{
	start_bulk();
	bulk_block(1, payload, 5001);
	bulk_block(2, payload, 5000);
	line_swap(1, payload, 5000);
	check_refused("block of 5001 bytes, expected 5000");
	line_swap(2, payload, 5000);
	check_swapped(payload, 5000);
}
END_TEST

START_TEST(a_damaged_block_is_refused)
{
	char why[80];

	start_bulk();
	memcpy(other, payload, sizeof(other));
	other[4321] ^= 4;
	bulk_block(1, other, 5000);
	line_swap(1, payload, 5000);
	snprintf(why, sizeof(why), "CRC of the payload: expected %08x, found %08x",
		 crc32_update(0, payload, 5000), crc32_update(0, other, 5000));
	check_refused(why);
}
END_TEST

START_TEST(a_block_that_does_not_come_is_given_up_after_10_s)
{
	start_bulk();
	line_swap(1, payload, 5000);
	check_refused("payload truncated: expected 5000 bytes, found 0");
	ck_assert_uint_ge(now_ns, 10 * NS_PER_S);
	ck_assert_uint_le(now_ns, 11 * NS_PER_S);
	bulk_bytes("blk1\2\0\0\0\210\23\0\0\0\0\0\0", 16); /* block 2 of 5000 bytes */
	bulk_bytes(payload, 1234);
	line_swap(2, payload, 5000);
	check_refused("payload truncated: expected 5000 bytes, found 1234");
}
END_TEST

START_TEST(a_block_that_comes_slowly_is_taken)
{
	start_bulk();
	bulk_piece = 500;
	bulk_pause_ns = 9 * NS_PER_S;
	bulk_block(1, payload, 5000);
	line_swap(1, payload, 5000);
	check_swapped(payload, 5000);
}
END_TEST

START_TEST(a_session_that_ends_within_a_block_leaves_the_next_one_in_step)
{
	start_bulk();
	bulk_piece = 10;
	bulk_pause_ns = NS_PER_MS;
	bulk_block(1, payload, 5000);
	bulk_block(2, payload, 5000);
	line_swap(1, payload, 5000);
	for (int i = 0; i < _i; i++)
		line_event('x'); /* each is a moment in which the bulk line goes on */
	line_event(_i % 2 ? BREAK : END);
	if (_i % 2)
		line_text("\nclew1 sync 0 00000000 n\n");
	run();
	ck_assert_str_eq(swapped, "");
	answers[n_answers = 0] = 0;
	line_swap(2, payload, 5000);
	check_swapped(payload, 5000);
}
END_TEST

START_TEST(a_bulk_line_that_is_out_of_step_is_emptied_and_the_next_block_comes)
{
	start_bulk();
	bulk_bytes("garbage and more of it", 22);
	bulk_block(1, other, sizeof(other));
	line_swap(1, other, sizeof(other));
	check_refused("the bulk line is out of step: expected a block 316b6c62, found 62726167");
	ck_assert_uint_eq(n_taken, n_bulk);
	bulk_block(2, payload, 5000);
	line_swap(2, payload, 5000);
	check_swapped(payload, 5000);
}
END_TEST

START_TEST(garbage_without_end_is_given_up)
{
	start_bulk();
	memset(bulk, 'x', BULK_MAX);
	n_bulk = BULK_MAX;
	bulk_piece = 8;
	bulk_pause_ns = NS_PER_MS;
	line_swap(1, payload, 5000);
	check_refused("the bulk line is out of step: expected a block 316b6c62, found 78787878");
	ck_assert_uint_le(now_ns, 11 * NS_PER_S);
}
END_TEST

START_TEST(a_machine_without_a_bulk_line_says_so)
{
	start_bulk();
	bulk_error = -ENODEV;
	line_swap(1, payload, 5000);
	check_refused("this machine has no bulk line");
	bulk_error = -EIO;
	line_swap(1, payload, 5000);
	check_refused("the bulk line failed");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control");
	TCase *tests = tcase_create("control");

	tcase_add_test(tests, a_session_that_began_by_carrier_needs_no_sync);
	tcase_add_test(tests, after_a_break_lines_are_skipped_until_sync);
	tcase_add_test(tests, what_was_under_way_may_stand_before_sync_on_its_line);
	tcase_add_test(tests, zero_bytes_before_sync_are_passed_over);
	tcase_add_test(tests, each_break_asks_for_sync_again);
	tcase_add_test(tests, a_break_within_a_request_ends_it_without_an_answer);
	tcase_add_test(tests, a_break_while_the_rest_of_a_refused_request_is_dropped_is_seen);
	tcase_add_test(tests, carrier_after_a_break_needs_no_sync);
	tcase_add_loop_test(tests, a_payload_comes_as_its_block, 0, 5);
	tcase_add_test(tests, other_blocks_are_skipped);
	tcase_add_test(tests, a_block_shorter_than_the_payload_was_truncated);
	tcase_add_test(tests, a_block_longer_than_the_payload_is_refused_and_skipped);
	tcase_add_test(tests, a_damaged_block_is_refused);
	tcase_add_test(tests, a_block_that_does_not_come_is_given_up_after_10_s);
	tcase_add_test(tests, a_block_that_comes_slowly_is_taken);
	tcase_add_loop_test(tests, a_session_that_ends_within_a_block_leaves_the_next_one_in_step,
			    0, 12);
	tcase_add_test(tests, a_bulk_line_that_is_out_of_step_is_emptied_and_the_next_block_comes);
	tcase_add_test(tests, garbage_without_end_is_given_up);
	tcase_add_test(tests, a_machine_without_a_bulk_line_says_so);
	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
