/* SPDX-License-Identifier: MIT */
/* The driver of the 16550s, on one that its data sheet describes. */
#include <clew/uart.h>

#include <stdio.h>
#include <string.h>

#include "fake_machine.h"
#include "fake_uart.h"

#define LONG_TEXT 1000

/* What the driver told: bytes, and U, D or B where it told of the carrier. */
static char told[256];
static size_t n_told;
static bool pauses; /* the receiver pauses the line at each byte */

static void tell(char what)
{
	ck_assert(!fake_interrupts_on());
	if (n_told < sizeof(told) - 1)
		told[n_told++] = what;
	told[n_told] = 0;
}

static void received(uint8_t byte)
{
	tell(byte == 0 ? '0' : (char)byte);
	if (pauses)
		uart_pause(MACHINE_COM2, true);
}

static void carrier(enum uart_carrier what)
{
	tell(what == UART_UP ? 'U' : what == UART_DOWN ? 'D' : 'B');
}

static void attach(void)
{
	ck_assert_int_eq(uart_attach(MACHINE_COM2, received, carrier), 0);
}

static void start(void)
{
	fake_uart_reset();
	attach();
	ck_assert_str_eq(told, "");
}

static void send(const char *text)
{
	ck_assert_uint_eq(fake_uart_send(text, strlen(text)), strlen(text));
}

/* The next event must find a line that can rise. */
static void check_is_idle(void)
{
	ck_assert(!fake_uart_line_is_up());
	ck_assert(fake_is_balanced());
}

START_TEST(many_bytes_make_one_interrupt_and_few_come_after_a_pause)
{
	start();
	ck_assert_uint_eq(fake_uart_fcr() & 0xc1, 0xc1);
	send("0123456789abc");
	ck_assert_str_eq(told, "");
	send("d");
	ck_assert_str_eq(told, "0123456789abcd");
	send("e");
	ck_assert_str_eq(told, "0123456789abcd");
	fake_uart_pause();
	ck_assert_str_eq(told, "0123456789abcde");
	check_is_idle();
}
END_TEST

START_TEST(what_came_before_there_was_a_driver_is_not_lost)
{
	fake_uart_reset();
	send("x"); /* without a FIFO there is room for one */
	ck_assert_uint_eq(fake_uart_send("y", 1), 0);
	attach();
	ck_assert_str_eq(told, "x");
	ck_assert_uint_eq(fake_uart_fcr() & 0xc1, 0xc1);
	send("z");
	fake_uart_pause();
	attach(); /* with FIFOs, as another driver left them */
	ck_assert_str_eq(told, "xz");
}
END_TEST

START_TEST(a_break_before_there_was_a_driver_is_told)
{
	fake_uart_reset();
	fake_uart_send_break(_i == 0 ? FAKE_UART_BREAK_IN_ORDER : FAKE_UART_BREAK_AT_ONCE);
	attach();
	ck_assert_str_eq(told, "B0");
	check_is_idle();
}
END_TEST

START_TEST(without_a_device_nothing_is_told)
{
	fake_uart_remove();
	attach();
	uart_write(MACHINE_COM2, "text", 4);
	uart_pause(MACHINE_COM2, true);
	uart_pause(MACHINE_COM2, false);
	ck_assert_str_eq(told, "");
	ck_assert(fake_is_balanced());
}
END_TEST

START_TEST(bytes_in_a_fifo_that_another_left_are_not_lost)
{
	start();
	fake_uart_hold_interrupts(true);
	send("0123456789abcdef");
	attach();
	fake_uart_hold_interrupts(false);
	ck_assert_str_eq(told, "0123456789abcdef");
	check_is_idle();
}
END_TEST

START_TEST(carrier_is_told_when_it_changes)
{
	start();
	fake_uart_set_carrier(true);
	send("x");
	fake_uart_set_carrier(false);
	ck_assert_str_eq(told, "UxD");
	fake_uart_set_carrier(true);
	ck_assert_str_eq(told, "UxDU");
	check_is_idle();
}
END_TEST

START_TEST(a_break_is_told_between_the_bytes_before_and_after_it)
{
	start();
	fake_uart_hold_interrupts(true);
	send("old");
	fake_uart_send_break(FAKE_UART_BREAK_IN_ORDER);
	send("new");
	fake_uart_hold_interrupts(false);
	fake_uart_pause();
	ck_assert_str_eq(told, "oldB0new");
	check_is_idle();
}
END_TEST

START_TEST(a_break_that_is_seen_early_loses_no_byte)
{
	start();
	fake_uart_hold_interrupts(true);
	send("old");
	fake_uart_send_break(FAKE_UART_BREAK_AT_ONCE);
	send("new");
	fake_uart_hold_interrupts(false);
	ck_assert_str_eq(told, "Bold0new");
	check_is_idle();
}
END_TEST

START_TEST(each_break_is_told)
{
	start();
	for (int i = 0; i < 20; i++)
		fake_uart_send_break(i % 2 ? FAKE_UART_BREAK_AT_ONCE : FAKE_UART_BREAK_IN_ORDER);
	ck_assert_str_eq(told, "B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0");
	check_is_idle();
}
END_TEST

START_TEST(a_break_is_told_while_the_line_is_paused)
{
	start();
	pauses = true;
	send("0123456789abcd");
	ck_assert_str_eq(told, "0");
	fake_uart_send_break(FAKE_UART_BREAK_AT_ONCE);
	ck_assert_str_eq(told, "0B");
	check_is_idle();
	pauses = false;
	uart_pause(MACHINE_COM2, false);
	ck_assert_str_eq(told, "0B123456789abcd0");
	check_is_idle();
}
END_TEST

/* Reading LSR clears it, and writing reads LSR. */
START_TEST(a_break_that_comes_while_something_is_written_is_told)
{
	char sent[8];

	start();
	fake_uart_hold_interrupts(true);
	fake_uart_send_break(FAKE_UART_BREAK_AT_ONCE);
	uart_write(MACHINE_COM2, "text", 4);
	fake_uart_hold_interrupts(false);
	fake_uart_pause();
	ck_assert_str_eq(told, "B0");
	ck_assert_uint_eq(fake_uart_sent(sent, sizeof(sent)), 4);
	ck_assert_mem_eq(sent, "text", 4);
	check_is_idle();
}
END_TEST

START_TEST(overrun_parity_and_framing_errors_are_passed_over)
{
	start();
	send("a");
	fake_uart_set_errors(0x0e);
	send("b");
	fake_uart_pause();
	ck_assert_str_eq(told, "ab");
	check_is_idle();
}
END_TEST

START_TEST(text_is_sent_whole_and_in_order)
{
	char text[LONG_TEXT], sent[LONG_TEXT];

	start();
	for (size_t i = 0; i < LONG_TEXT; i++)
		text[i] = (char)(i % 251);
	uart_write(MACHINE_COM2, text, LONG_TEXT);
	ck_assert_uint_eq(fake_uart_sent(sent, LONG_TEXT), LONG_TEXT);
	ck_assert_mem_eq(sent, text, LONG_TEXT);
}
END_TEST

/* A register access of 1 us, as in an emulator; and of 20 us, as in one that is being watched. */
START_TEST(a_line_that_nobody_drains_is_given_up_after_300_ms)
{
	static const uint64_t access_ns[] = { 1000, 20000 };
	static const unsigned long least[] = { 300000, 100000 };
	char sent[8];

	start();
	fake_uart_stop_draining(access_ns[_i]);
	uart_write(MACHINE_COM2, "text", 4);
	ck_assert_uint_ge(fake_uart_polls(), least[_i]);
	ck_assert_uint_le(fake_uart_polls(), least[_i] + 2048);
	ck_assert_uint_eq(fake_uart_sent(sent, sizeof(sent)), 0);
	check_is_idle();
}
END_TEST

START_TEST(a_line_that_nobody_drains_is_given_up_when_time_stands_still)
{
	char sent[8];

	start();
	fake_uart_stop_draining(0);
	uart_write(MACHINE_COM2, "text", 4);
	ck_assert_uint_eq(fake_uart_polls(), 4000000);
	ck_assert_uint_eq(fake_uart_sent(sent, sizeof(sent)), 0);
}
END_TEST

START_TEST(other_ports_and_missing_functions_are_refused)
{
	fake_uart_reset();
	ck_assert_int_eq(uart_attach(0x3e8, received, carrier), -EINVAL);
	ck_assert_int_eq(uart_attach(MACHINE_COM2, NULL, carrier), -EINVAL);
	ck_assert_int_eq(uart_attach(MACHINE_COM2, received, NULL), -EINVAL);
	uart_write(0x3e8, "x", 1);
	uart_pause(0x3e8, true);
	ck_assert_uint_eq(fake_uart_sent(told, 1), 0);
	ck_assert(fake_is_balanced());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("uart");
	TCase *tests = tcase_create("uart");

	tcase_add_test(tests, many_bytes_make_one_interrupt_and_few_come_after_a_pause);
	tcase_add_test(tests, what_came_before_there_was_a_driver_is_not_lost);
	tcase_add_loop_test(tests, a_break_before_there_was_a_driver_is_told, 0, 2);
	tcase_add_test(tests, without_a_device_nothing_is_told);
	tcase_add_test(tests, bytes_in_a_fifo_that_another_left_are_not_lost);
	tcase_add_test(tests, carrier_is_told_when_it_changes);
	tcase_add_test(tests, a_break_is_told_between_the_bytes_before_and_after_it);
	tcase_add_test(tests, a_break_that_is_seen_early_loses_no_byte);
	tcase_add_test(tests, each_break_is_told);
	tcase_add_test(tests, a_break_is_told_while_the_line_is_paused);
	tcase_add_test(tests, a_break_that_comes_while_something_is_written_is_told);
	tcase_add_test(tests, overrun_parity_and_framing_errors_are_passed_over);
	tcase_add_test(tests, text_is_sent_whole_and_in_order);
	tcase_add_loop_test(tests, a_line_that_nobody_drains_is_given_up_after_300_ms, 0, 2);
	tcase_add_test(tests, a_line_that_nobody_drains_is_given_up_when_time_stands_still);
	tcase_add_test(tests, other_ports_and_missing_functions_are_refused);
	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
