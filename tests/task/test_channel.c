/* SPDX-License-Identifier: MIT */
/*
 * Channels between tasks that really run: rendezvous and bounded, with
 * close, try, timeout, kill and restart.
 */
#include <clew/channel.h>

#include <clew/heap.h>

#include "journal.h"
#include "machine.h"

static struct heap_usage heap_before;

static void start_and_count(void)
{
	start_system();
	heap_usage(&heap_before);
}

static void check_heap_is_back(void)
{
	struct heap_usage usage;

	heap_usage(&usage);
	ck_assert_uint_eq(usage.blocks, heap_before.blocks);
	ck_assert(interrupts_on());
}

CHANNEL(letters, letter);

/* ---- without other tasks ------------------------------------------------------- */

START_TEST(sizes_outside_the_limits_are_refused)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;

	ck_assert_int_eq(channel_new(0, 1, NULL, &tx, &rx), -EINVAL);
	ck_assert_int_eq(channel_new(CHANNEL_MESSAGE_MAX + 1, 1, NULL, &tx, &rx), -EINVAL);
	ck_assert_int_eq(channel_new(1, CHANNEL_CAPACITY_MAX + 1, NULL, &tx, &rx), -EINVAL);
	ck_assert(IS_EMPTY(tx) && IS_EMPTY(rx));
	ck_assert_int_eq(channel_new(CHANNEL_MESSAGE_MAX, CHANNEL_CAPACITY_MAX, NULL, &tx, &rx), 0);
}
END_TEST

START_TEST(a_channel_that_does_not_fit_in_memory_is_an_error)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;

	fail_map(1);
	ck_assert_int_eq(channel_new(1024, 4096, NULL, &tx, &rx), -ENOMEM);
	ck_assert(IS_EMPTY(tx) && IS_EMPTY(rx));
	check_heap_is_back();
}
END_TEST

START_TEST(messages_come_out_in_the_order_they_went_in)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	int in = 0, out = 0, number;

	ck_assert_int_eq(channel_new(sizeof(int), 3, NULL, &tx, &rx), 0);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 3; i++, in++)
			ck_assert_int_eq(channel_send(&tx, &in, WAIT_NOT), 0);
		ck_assert_int_eq(channel_send(&tx, &in, WAIT_NOT), CHANNEL_E_TIMEOUT);
		for (int i = 0; i < (round == 9 ? 3 : 2); i++, out++) {
			ck_assert_int_eq(channel_receive(&rx, &number, WAIT_NOT), 0);
			ck_assert_int_eq(number, out);
		}
		if (round < 9) { /* keeps one queued, so that the ring turns */
			ck_assert_int_eq(channel_receive(&rx, &number, WAIT_NOT), 0);
			ck_assert_int_eq(number, out++);
			ck_assert_int_eq(channel_send(&tx, &in, WAIT_NOT), 0);
			in++;
			ck_assert_int_eq(channel_receive(&rx, &number, WAIT_NOT), 0);
			ck_assert_int_eq(number, out++);
		}
	}
	ck_assert_int_eq(channel_receive(&rx, &number, WAIT_NOT), CHANNEL_E_TIMEOUT);
}
END_TEST

START_TEST(a_try_on_a_rendezvous_without_partner_would_block)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	int number = 5;

	ck_assert_int_eq(channel_new(sizeof(int), 0, NULL, &tx, &rx), 0);
	ck_assert_int_eq(channel_send(&tx, &number, WAIT_NOT), CHANNEL_E_TIMEOUT);
	ck_assert_int_eq(channel_receive(&rx, &number, WAIT_NOT), CHANNEL_E_TIMEOUT);
	ck_assert_int_eq(number, 5);
}
END_TEST

START_TEST(a_send_and_a_receive_time_out_at_their_deadline)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	uint64_t deadline_ns = clock_now_ns() + 7 * NS_PER_MS;
	int number = 5;

	ck_assert_int_eq(channel_new(sizeof(int), 0, NULL, &tx, &rx), 0);
	ck_assert_int_eq(channel_send(&tx, &number, deadline_ns), CHANNEL_E_TIMEOUT);
	ck_assert_uint_ge(clock_now_ns(), deadline_ns);
	ck_assert_uint_lt(clock_now_ns(), deadline_ns + NS_PER_MS);
	deadline_ns = clock_now_ns() + 7 * NS_PER_MS;
	ck_assert_int_eq(channel_receive(&rx, &number, deadline_ns), CHANNEL_E_TIMEOUT);
	ck_assert_uint_ge(clock_now_ns(), deadline_ns);
	ck_assert_uint_lt(clock_now_ns(), deadline_ns + NS_PER_MS);
	/* Who gave up is no partner any more. */
	ck_assert_int_eq(channel_send(&tx, &number, WAIT_NOT), CHANNEL_E_TIMEOUT);
}
END_TEST

START_TEST(after_the_last_sender_is_gone_queued_messages_remain_then_it_is_closed)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	int number = 1;

	ck_assert_int_eq(channel_new(sizeof(int), 2, NULL, &tx, &rx), 0);
	{
		OWN(channel_tx, other) = channel_tx_ref(&tx);

		ck_assert_int_eq(channel_send(&other, &number, WAIT_NOT), 0);
		number = 2;
		ck_assert_int_eq(channel_send(&other, &number, WAIT_NOT), 0);
	}
	channel_tx_drop(MOVE(tx));
	ck_assert_int_eq(channel_receive(&rx, &number, WAIT_FOREVER), 0);
	ck_assert_int_eq(number, 1);
	ck_assert_int_eq(channel_receive(&rx, &number, WAIT_FOREVER), 0);
	ck_assert_int_eq(number, 2);
	ck_assert_int_eq(channel_receive(&rx, &number, WAIT_FOREVER), CHANNEL_E_CLOSED);
	channel_rx_drop(MOVE(rx));
	check_heap_is_back();
}
END_TEST

START_TEST(after_the_last_receiver_is_gone_messages_are_released_and_sends_fail)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	OWN(letter, a) = { 'a' };
	OWN(letter, b) = { 'b' };
	OWN(letter, c) = { 'c' };

	ck_assert_int_eq(letters_channel_new(4, &tx, &rx), 0);
	ck_assert_int_eq(letters_send(&tx, &a, WAIT_NOT), 0);
	ck_assert_int_eq(letters_send(&tx, &b, WAIT_NOT), 0);
	ck_assert(IS_EMPTY(a) && IS_EMPTY(b));
	{
		OWN(channel_rx, other) = channel_rx_ref(&rx);

		channel_rx_drop(MOVE(rx));
		check_journal("");
	}
	check_journal("-a -b");
	ck_assert_int_eq(letters_send(&tx, &c, WAIT_FOREVER), CHANNEL_E_CLOSED);
	ck_assert_uint_eq(c.word, 'c');
	channel_tx_drop(MOVE(tx));
	check_heap_is_back();
	c.word = 0;
}
END_TEST

START_TEST(close_ends_both_sides_but_keeps_what_is_queued)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	int number = 1;

	ck_assert_int_eq(channel_new(sizeof(int), 2, NULL, &tx, &rx), 0);
	ck_assert_int_eq(channel_send(&tx, &number, WAIT_NOT), 0);
	channel_close(&tx);
	ck_assert_int_eq(channel_send(&tx, &number, WAIT_FOREVER), CHANNEL_E_CLOSED);
	number = 0;
	ck_assert_int_eq(channel_receive(&rx, &number, WAIT_FOREVER), 0);
	ck_assert_int_eq(number, 1);
	ck_assert_int_eq(channel_receive(&rx, &number, WAIT_FOREVER), CHANNEL_E_CLOSED);
}
END_TEST

/* ---- with other tasks -------------------------------------------------------------- */

struct sending {
	const channel_tx *tx;
	int first, count;
	uint64_t deadline_ns;
};

/* Sends numbers, then returns how many arrived. */
static int send_numbers(struct sending argument)
{
	for (int i = 0; i < argument.count; i++) {
		int number = argument.first + i;
		int r = channel_send(argument.tx, &number, argument.deadline_ns);

		if (r != 0)
			return i + 1000 * r;
	}
	return argument.count;
}
TASK_ENTRY_PLAIN(send_numbers, struct sending);

struct receiving {
	const channel_rx *rx;
	int count;
	uint64_t deadline_ns;
};

/* The sum of what it received, or -1 for anything but a message. */
static int receive_numbers(struct receiving argument)
{
	int sum = 0;

	for (int i = 0; i < argument.count; i++) {
		int number = 0;

		if (channel_receive(argument.rx, &number, argument.deadline_ns) != 0)
			return -1;
		sum += number;
	}
	return sum;
}
TASK_ENTRY_PLAIN(receive_numbers, struct receiving);

START_TEST(a_rendezvous_send_returns_only_when_a_receiver_has_the_message)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	OWN(task_handle, task) = OWNER_EMPTY;
	struct sending argument = { &tx, 10, 1, WAIT_FOREVER };
	struct task_exit exit;
	int number = 0;

	ck_assert_int_eq(channel_new(sizeof(int), 0, NULL, &tx, &rx), 0);
	ck_assert_int_eq(TASK_SPAWN(send_numbers, &argument, NULL, &task), 0);
	task_sleep(NS_PER_S);
	ck_assert_int_eq(task_join(&task, WAIT_NOT, &exit), WAIT_E_TIMEOUT);
	ck_assert_int_eq(channel_receive(&rx, &number, WAIT_NOT), 0);
	ck_assert_int_eq(number, 10);
	check_end(&task, TASK_RETURNED, 1);
}
END_TEST

START_TEST(a_parked_receiver_is_handed_the_message)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	OWN(task_handle, task) = OWNER_EMPTY;
	struct receiving argument = { &rx, 1, WAIT_FOREVER };
	int number = 33;

	ck_assert_int_eq(channel_new(sizeof(int), 0, NULL, &tx, &rx), 0);
	ck_assert_int_eq(TASK_SPAWN(receive_numbers, &argument, NULL, &task), 0);
	task_yield();
	ck_assert_int_eq(channel_send(&tx, &number, WAIT_NOT), 0);
	ck_assert_int_eq(channel_send(&tx, &number, WAIT_NOT), CHANNEL_E_TIMEOUT);
	check_end(&task, TASK_RETURNED, 33);
}
END_TEST

START_TEST(senders_that_wait_for_room_are_served_in_order)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	task_handle tasks[3] = { OWNER_EMPTY };
	int number = -1;

	ck_assert_int_eq(channel_new(sizeof(int), 1, NULL, &tx, &rx), 0);
	for (int i = 0; i < 3; i++) {
		struct sending argument = { &tx, 10 * (i + 1), 1, WAIT_FOREVER };

		ck_assert_int_eq(TASK_SPAWN(send_numbers, &argument, NULL, &tasks[i]), 0);
	}
	task_yield();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(channel_receive(&rx, &number, WAIT_NOT), 0);
		ck_assert_int_eq(number, 10 * (i + 1));
	}
	for (int i = 0; i < 3; i++)
		check_end(&tasks[i], TASK_RETURNED, 1);
}
END_TEST

START_TEST(close_wakes_senders_and_receivers)
{
	OWN(channel_tx, full_tx) = OWNER_EMPTY;
	OWN(channel_rx, full_rx) = OWNER_EMPTY;
	OWN(channel_tx, empty_tx) = OWNER_EMPTY;
	OWN(channel_rx, empty_rx) = OWNER_EMPTY;
	OWN(task_handle, sender) = OWNER_EMPTY;
	OWN(task_handle, receiver) = OWNER_EMPTY;

	ck_assert_int_eq(channel_new(sizeof(int), 1, NULL, &full_tx, &full_rx), 0);
	ck_assert_int_eq(channel_new(sizeof(int), 1, NULL, &empty_tx, &empty_rx), 0);
	struct sending sending = { &full_tx, 0, 2, WAIT_FOREVER };
	struct receiving receiving = { &empty_rx, 1, WAIT_FOREVER };
	ck_assert_int_eq(TASK_SPAWN(send_numbers, &sending, NULL, &sender), 0);
	ck_assert_int_eq(TASK_SPAWN(receive_numbers, &receiving, NULL, &receiver), 0);
	task_yield();
	channel_rx_drop(MOVE(full_rx));
	channel_tx_drop(MOVE(empty_tx));
	check_end(&sender, TASK_RETURNED, 1 + 1000 * CHANNEL_E_CLOSED);
	check_end(&receiver, TASK_RETURNED, -1);
}
END_TEST

static int send_letter(const channel_tx *tx)
{
	OWN(letter, x) = { 'x' };
	int r = letters_send(tx, &x, WAIT_FOREVER);

	note(r == 0 ? "sent" : "not sent");
	task_safe_point();
	return r;
}
typedef const channel_tx *tx_place;
TASK_ENTRY_PLAIN(send_letter, tx_place);

START_TEST(a_killed_sender_keeps_its_message_for_its_own_cleanup)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	OWN(task_handle, task) = OWNER_EMPTY;
	OWN(letter, got) = OWNER_EMPTY;
	tx_place argument = &tx;

	ck_assert_int_eq(letters_channel_new(0, &tx, &rx), 0);
	ck_assert_int_eq(TASK_SPAWN(send_letter, &argument, NULL, &task), 0);
	task_yield();
	ck_assert_int_eq(task_kill(task.word), 0);
	/* It has not run since: its node is there, and is no partner. */
	ck_assert_int_eq(letters_receive(&rx, &got, WAIT_NOT), CHANNEL_E_TIMEOUT);
	check_end(&task, TASK_KILLED, 0);
	check_journal("-x");
}
END_TEST

START_TEST(a_sender_killed_after_its_message_was_taken_reports_success_first)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	OWN(task_handle, task) = OWNER_EMPTY;
	tx_place argument = &tx;

	{
		OWN(letter, got) = OWNER_EMPTY;

		ck_assert_int_eq(letters_channel_new(0, &tx, &rx), 0);
		ck_assert_int_eq(TASK_SPAWN(send_letter, &argument, NULL, &task), 0);
		task_yield();
		ck_assert_int_eq(letters_receive(&rx, &got, WAIT_NOT), 0);
		ck_assert_uint_eq(got.word, 'x');
		ck_assert_int_eq(task_kill(task.word), 0);
		check_end(&task, TASK_KILLED, 0);
		check_journal("sent");
	}
	check_journal("-x");
}
END_TEST

static int receive_letter(const channel_rx *rx)
{
	OWN(letter, got) = OWNER_EMPTY;
	int r = letters_receive(rx, &got, WAIT_FOREVER);

	note(r == 0 ? "got" : "nothing");
	task_safe_point();
	return r;
}
typedef const channel_rx *rx_place;
TASK_ENTRY_PLAIN(receive_letter, rx_place);

START_TEST(a_killed_receiver_is_no_partner_and_one_that_has_the_message_releases_it)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	OWN(task_handle, first) = OWNER_EMPTY;
	OWN(task_handle, second) = OWNER_EMPTY;
	OWN(letter, y) = { 'y' };
	rx_place argument = &rx;

	ck_assert_int_eq(letters_channel_new(0, &tx, &rx), 0);
	ck_assert_int_eq(TASK_SPAWN(receive_letter, &argument, NULL, &first), 0);
	ck_assert_int_eq(TASK_SPAWN(receive_letter, &argument, NULL, &second), 0);
	task_yield();
	ck_assert_int_eq(task_kill(first.word), 0);
	ck_assert_int_eq(letters_send(&tx, &y, WAIT_NOT), 0);
	ck_assert_int_eq(task_kill(second.word), 0);
	check_end(&first, TASK_KILLED, 0);
	check_end(&second, TASK_KILLED, 0);
	check_journal("got -y");
}
END_TEST

START_TEST(parked_partners_that_are_restarted_go_on_waiting_with_the_same_deadline)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	OWN(task_handle, sender) = OWNER_EMPTY;
	OWN(task_handle, late) = OWNER_EMPTY;
	struct sending sending = { &tx, 5, 1, WAIT_FOREVER };
	struct sending until = { &tx, 6, 1, clock_now_ns() + 10 * NS_PER_MS };
	struct task_memory memory;
	int number = 0;

	ck_assert_int_eq(channel_new(sizeof(int), 0, NULL, &tx, &rx), 0);
	ck_assert_int_eq(TASK_SPAWN(send_numbers, &sending, NULL, &sender), 0);
	ck_assert_int_eq(TASK_SPAWN(send_numbers, &until, NULL, &late), 0);
	for (int i = 0; i < 5; i++) {
		task_yield();
		OWN(irq_guard, guard) = irq_off();
		for (uint64_t id = 0; task_memory_next(id, &memory) == 0; id = memory.id) {
			ck_assert(memory.id == 1 || memory.parked);
			task_restart(memory.task);
		}
		/* Between restart and run they are no partners. */
		ck_assert_int_eq(channel_receive(&rx, &number, WAIT_NOT), CHANNEL_E_TIMEOUT);
	}
	task_sleep(20 * NS_PER_MS);
	check_end(&late, TASK_RETURNED, 1000 * CHANNEL_E_TIMEOUT);
	ck_assert_int_eq(channel_receive(&rx, &number, WAIT_NOT), 0);
	ck_assert_int_eq(number, 5);
	check_end(&sender, TASK_RETURNED, 1);
}
END_TEST

OWNER(bad); /* word: a letter; its cleanup crashes */

static void bad_cleanup(bad *place)
{
	char text[] = { (char)place->word, 0 };
	bool crashes = place->word == 'b';

	place->word = 0;
	note(text);
	if (crashes)
		crash();
}
CHANNEL(bads, bad);

static int drop_bads(int unused)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;

	(void)unused;
	if (bads_channel_new(3, &tx, &rx) != 0)
		return -1;
	for (uint64_t word = 'a'; word <= 'c'; word++) {
		bad message = { word };

		if (bads_send(&tx, &message, WAIT_NOT) != 0)
			return -1;
	}
	channel_tx_drop(MOVE(tx));
	channel_rx_drop(MOVE(rx));
	return 0;
}
TASK_ENTRY_PLAIN(drop_bads, int);

START_TEST(a_message_whose_cleanup_crashes_does_not_keep_the_others_or_the_memory)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	int unused = 0;

	ck_assert_int_eq(TASK_SPAWN(drop_bads, &unused, NULL, &task), 0);
	check_end(&task, TASK_CRASHED, 7);
	check_journal("a b c");
	check_heap_is_back();
}
END_TEST

static void add_alone(TCase *tcase)
{
	tcase_add_test(tcase, sizes_outside_the_limits_are_refused);
	tcase_add_test(tcase, a_channel_that_does_not_fit_in_memory_is_an_error);
	tcase_add_test(tcase, messages_come_out_in_the_order_they_went_in);
	tcase_add_test(tcase, a_try_on_a_rendezvous_without_partner_would_block);
	tcase_add_test(tcase, a_send_and_a_receive_time_out_at_their_deadline);
	tcase_add_test(tcase,
		       after_the_last_sender_is_gone_queued_messages_remain_then_it_is_closed);
	tcase_add_test(tcase, after_the_last_receiver_is_gone_messages_are_released_and_sends_fail);
	tcase_add_test(tcase, close_ends_both_sides_but_keeps_what_is_queued);
}

static void add_between_tasks(TCase *tcase)
{
	tcase_add_test(tcase, a_rendezvous_send_returns_only_when_a_receiver_has_the_message);
	tcase_add_test(tcase, a_parked_receiver_is_handed_the_message);
	tcase_add_test(tcase, senders_that_wait_for_room_are_served_in_order);
	tcase_add_test(tcase, close_wakes_senders_and_receivers);
	tcase_add_test(tcase, a_killed_sender_keeps_its_message_for_its_own_cleanup);
	tcase_add_test(tcase, a_sender_killed_after_its_message_was_taken_reports_success_first);
	tcase_add_test(tcase,
		       a_killed_receiver_is_no_partner_and_one_that_has_the_message_releases_it);
	tcase_add_test(tcase,
		       parked_partners_that_are_restarted_go_on_waiting_with_the_same_deadline);
	tcase_add_test(tcase,
		       a_message_whose_cleanup_crashes_does_not_keep_the_others_or_the_memory);
}

int main(void)
{
	Suite *suite = suite_create("channel");
	TCase *tcase = tcase_create("channel");

	tcase_add_checked_fixture(tcase, start_and_count, NULL);
	add_alone(tcase);
	add_between_tasks(tcase);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
