/* SPDX-License-Identifier: MIT */
/*
 * Spawn, join, kill, sleep and priorities, on real stacks with the system's
 * own switch; memory, heap, interrupts and timer are the real cells.
 */
#include <clew/task.h>

#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "machine.h"

/* ---- spawn and join ---------------------------------------------------------- */

static int add_one(int number)
{
	return number + 1;
}
TASK_ENTRY_PLAIN(add_one, int);

START_TEST(the_joiner_gets_what_the_function_returned)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	int number = 41;

	ck_assert_int_eq(TASK_SPAWN(add_one, &number, NULL, &task), 0);
	ck_assert_uint_eq(task.word, 2);
	check_end(&task, TASK_RETURNED, 42);
	ck_assert(IS_EMPTY(task));
	check_all_is_back();
}
END_TEST

START_TEST(a_task_that_ended_keeps_its_value_until_it_is_joined)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	struct task_info info;
	int number = 1;

	ck_assert_int_eq(TASK_SPAWN(add_one, &number, NULL, &task), 0);
	task_yield();
	ck_assert_int_eq(task_next(1, &info), 0);
	ck_assert_int_eq((int)info.state, TASK_ENDED);
	ck_assert_str_eq(info.name, "first");
	check_end(&task, TASK_RETURNED, 2);
	check_all_is_back();
}
END_TEST

static int keep(letter argument)
{
	OWN(letter, mine) = MOVE(argument);

	note("run");
	return 0;
}
TASK_ENTRY(keep, letter);

START_TEST(the_argument_is_moved_when_the_spawn_succeeds)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	OWN(letter, a) = { 'a' };

	ck_assert_int_eq(TASK_SPAWN(keep, &a, NULL, &task), 0);
	ck_assert(IS_EMPTY(a));
	check_end(&task, TASK_RETURNED, 0);
	check_journal("run -a");
}
END_TEST

START_TEST(each_failing_mapping_fails_the_spawn_and_leaves_argument_and_memory)
{
	unsigned long k = 0;
	int r;

	do {
		OWN(task_handle, task) = OWNER_EMPTY;
		OWN(letter, a) = { 'a' };

		fail_map(++k);
		r = TASK_SPAWN(keep, &a, NULL, &task);
		fail_map(0);
		if (r == 0)
			break;
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_uint_eq(a.word, 'a');
		ck_assert(IS_EMPTY(task));
		check_all_is_back();
		a.word = 0;
	} while (true);
	ck_assert_uint_ge(k, 3); /* the stack, its guard, and one that did not fail */
	task_yield();
	task_safe_point();
	check_all_is_back();
}
END_TEST

START_TEST(a_spawn_with_impossible_options_is_refused)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	struct task_options options = { .priority = SCHEDULER_PRIORITIES + 1 };
	uint8_t argument[TASK_ARGUMENT_MAX + 1] = { 0 };
	int number = 0;

	ck_assert_int_eq(TASK_SPAWN(add_one, &number, &options, &task), -EINVAL);
	options = (struct task_options){ .stack_pages = UINT32_MAX };
	ck_assert_int_eq(TASK_SPAWN(add_one, &number, &options, &task), -ENOMEM);
	ck_assert_int_eq(task_spawn(add_one_entry, argument, sizeof(argument), NULL, &task),
			 -EINVAL);
	ck_assert(IS_EMPTY(task));
	check_all_is_back();
}
END_TEST

struct big {
	uint8_t bytes[TASK_ARGUMENT_MAX];
};

static int sum_of_big(struct big big)
{
	int sum = 0;

	for (size_t i = 0; i < sizeof(big.bytes); i++)
		sum += big.bytes[i];
	return sum;
}
TASK_ENTRY_PLAIN(sum_of_big, struct big);

START_TEST(an_argument_of_the_largest_size_arrives_whole)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	struct big big;

	memset(big.bytes, 3, sizeof(big.bytes));
	ck_assert_int_eq(TASK_SPAWN(sum_of_big, &big, NULL, &task), 0);
	memset(big.bytes, 9, sizeof(big.bytes));
	check_end(&task, TASK_RETURNED, 3 * TASK_ARGUMENT_MAX);
}
END_TEST

START_TEST(a_detached_task_is_freed_at_the_next_safe_point_after_its_end)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	int number = 1;

	ck_assert_int_eq(TASK_SPAWN(add_one, &number, NULL, &task), 0);
	task_detach(MOVE(task));
	task_yield();
	task_safe_point();
	check_all_is_back();
}
END_TEST

START_TEST(detaching_a_task_that_has_ended_frees_it_at_once)
{
	int number = 1;

	{
		OWN(task_handle, task) = OWNER_EMPTY;

		ck_assert_int_eq(TASK_SPAWN(add_one, &number, NULL, &task), 0);
		task_yield();
	}
	check_all_is_back();
}
END_TEST

static int give_up(int number)
{
	OWN(letter, a) = { 'a' };
	OWN(letter, b) = { 'b' };

	if (number >= 0)
		task_exit(number);
	return -1;
}
TASK_ENTRY_PLAIN(give_up, int);

START_TEST(task_exit_runs_the_cleanups_and_the_joiner_gets_its_value)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	int number = 9;

	ck_assert_int_eq(TASK_SPAWN(give_up, &number, NULL, &task), 0);
	check_end(&task, TASK_EXITED, 9);
	check_journal("-b -a");
	check_all_is_back();
}
END_TEST

static int fall(int depth)
{
	OWN(letter, mine) = { (uint64_t)('0' + depth) };

	if (depth == 0)
		crash();
	return depth < 0 ? 0 : fall(depth - 1) + 1;
}
TASK_ENTRY_PLAIN(fall, int);

START_TEST(a_crash_ends_its_task_only)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	int depth = 3;

	ck_assert_int_eq(TASK_SPAWN(fall, &depth, NULL, &task), 0);
	check_end(&task, TASK_CRASHED, 7);
	check_journal("-0 -1 -2 -3");
	check_all_is_back();
}
END_TEST

START_TEST(a_join_that_times_out_leaves_the_handle)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	struct task_exit exit = { .value = 77 };
	int number = 1;

	ck_assert_int_eq(TASK_SPAWN(add_one, &number, NULL, &task), 0);
	ck_assert_int_eq(task_join(&task, WAIT_NOT, &exit), WAIT_E_TIMEOUT);
	ck_assert_int_eq(exit.value, 77);
	ck_assert(!IS_EMPTY(task));
	check_end(&task, TASK_RETURNED, 2);
}
END_TEST

START_TEST(a_join_of_a_stale_handle_or_of_oneself_is_an_error)
{
	task_handle task = { 12345 };
	struct task_exit exit;

	ck_assert_int_eq(task_join(&task, WAIT_FOREVER, &exit), -ENOENT);
	task.word = task_id();
	ck_assert_int_eq(task_join(&task, WAIT_FOREVER, &exit), -EDEADLK);
}
END_TEST

START_TEST(the_machine_dies_with_the_first_task)
{
	task_end((struct task_exit){ TASK_CRASHED, 1 });
}
END_TEST

/* ---- order ---------------------------------------------------------------------- */

static int in_turn(char name)
{
	for (int i = 0; i < 3; i++) {
		char text[] = { name, (char)('0' + i), 0 };

		note(text);
		task_yield();
	}
	return 0;
}
TASK_ENTRY_PLAIN(in_turn, char);

START_TEST(tasks_of_one_priority_run_in_turn)
{
	OWN(task_handle, a) = OWNER_EMPTY;
	OWN(task_handle, b) = OWNER_EMPTY;
	OWN(task_handle, c) = OWNER_EMPTY;
	char names[] = "abc";

	ck_assert_int_eq(TASK_SPAWN(in_turn, &names[0], NULL, &a), 0);
	ck_assert_int_eq(TASK_SPAWN(in_turn, &names[1], NULL, &b), 0);
	ck_assert_int_eq(TASK_SPAWN(in_turn, &names[2], NULL, &c), 0);
	check_end(&c, TASK_RETURNED, 0);
	check_journal("a0 b0 c0 a1 b1 c1 a2 b2 c2");
	check_end(&a, TASK_RETURNED, 0);
	check_end(&b, TASK_RETURNED, 0);
}
END_TEST

START_TEST(a_higher_priority_runs_first_and_to_its_end)
{
	OWN(task_handle, low) = OWNER_EMPTY;
	OWN(task_handle, high) = OWNER_EMPTY;
	struct task_options options = { .priority = 1 + 3 };
	char names[] = "lh";

	ck_assert_int_eq(TASK_SPAWN(in_turn, &names[0], &options, &low), 0);
	options.priority = 1 + 4; /* the caller's own */
	ck_assert_int_eq(TASK_SPAWN(in_turn, &names[1], &options, &high), 0);
	check_end(&low, TASK_RETURNED, 0);
	check_journal("h0 h1 h2 l0 l1 l2");
	check_end(&high, TASK_RETURNED, 0);
}
END_TEST

START_TEST(a_task_of_higher_priority_runs_at_the_next_safe_point)
{
	OWN(task_handle, high) = OWNER_EMPTY;
	struct task_options options = { .priority = 1 + 5 };
	char name = 'h';

	{
		OWN(irq_guard, guard) = irq_off();

		ck_assert_int_eq(TASK_SPAWN(in_turn, &name, &options, &high), 0);
		note("off");
	}
	task_safe_point();
	note("on");
	check_journal("off h0 h1 h2 on");
}
END_TEST

START_TEST(a_priority_that_is_set_counts_at_once)
{
	OWN(task_handle, a) = OWNER_EMPTY;
	OWN(task_handle, b) = OWNER_EMPTY;
	struct task_info info;
	char names[] = "ab";

	ck_assert_int_eq(TASK_SPAWN(in_turn, &names[0], NULL, &a), 0);
	ck_assert_int_eq(TASK_SPAWN(in_turn, &names[1], NULL, &b), 0);
	ck_assert_int_eq(task_set_priority(b.word, 5), 0);
	ck_assert_int_eq(task_next(b.word - 1, &info), 0);
	ck_assert_uint_eq(info.priority, 5);
	check_end(&a, TASK_RETURNED, 0);
	check_journal("b0 b1 b2 a0 a1 a2");
	ck_assert_int_eq(task_set_priority(b.word, SCHEDULER_PRIORITIES), -EINVAL);
	ck_assert_int_eq(task_set_priority(b.word, 1), -ENOENT); /* it has ended */
	ck_assert_int_eq(task_set_priority(999, 1), -ENOENT);
}
END_TEST

struct nap {
	char name;
	uint64_t ns;
};

static int nap(struct nap nap)
{
	char text[] = { nap.name, 0 };

	task_sleep(nap.ns);
	note(text);
	return 0;
}
TASK_ENTRY_PLAIN(nap, struct nap);

static int nap_until(struct nap nap)
{
	char text[] = { nap.name, 0 };

	ck_assert_int_eq(RESTARTABLE(task_sleep_step(nap.ns)), 0);
	ck_assert_uint_ge(clock_now_ns(), nap.ns);
	note(text);
	return 0;
}
TASK_ENTRY_PLAIN(nap_until, struct nap);

START_TEST(sleepers_wake_by_deadline_and_equal_ones_in_order_of_arrival)
{
	static const uint64_t until_ms[] = { 30, 10, 20, 10, 40, 20 };
	task_handle tasks[6] = { OWNER_EMPTY };
	uint64_t now_ns = clock_now_ns();

	for (size_t i = 0; i < 6; i++) {
		struct nap argument = { (char)('a' + i), now_ns + until_ms[i] * NS_PER_MS };

		ck_assert_int_eq(TASK_SPAWN(nap_until, &argument, NULL, &tasks[i]), 0);
	}
	task_sleep(100 * NS_PER_MS);
	ck_assert_uint_ge(clock_now_ns(), now_ns + 100 * NS_PER_MS);
	ck_assert_uint_lt(clock_now_ns(), now_ns + 101 * NS_PER_MS);
	check_journal("b d c f a e");
	for (size_t i = 0; i < 6; i++)
		check_end(&tasks[i], TASK_RETURNED, 0);
	check_all_is_back();
}
END_TEST

START_TEST(a_sleeper_far_away_does_not_delay_a_near_one_and_both_wake)
{
	OWN(task_handle, far) = OWNER_EMPTY;
	struct nap argument = { 'f', 3600 * NS_PER_S };
	uint64_t now_ns = clock_now_ns();

	ck_assert_int_eq(TASK_SPAWN(nap, &argument, NULL, &far), 0);
	task_sleep(NS_PER_MS);
	ck_assert_uint_lt(clock_now_ns(), now_ns + 2 * NS_PER_MS);
	check_end(&far, TASK_RETURNED, 0);
	ck_assert_uint_ge(clock_now_ns(), now_ns + 3600 * NS_PER_S);
}
END_TEST

/* ---- preemption ------------------------------------------------------------------- */

static int spin_until(volatile int *stop)
{
	int rounds = 0;

	while (!*stop) {
		task_safe_point();
		rounds++;
	}
	return rounds;
}
typedef volatile int *flag;
TASK_ENTRY_PLAIN(spin_until, flag);

START_TEST(a_task_that_never_yields_is_preempted_at_the_end_of_its_slice)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	volatile int stop = 0;
	flag argument = &stop;
	struct task_info info;
	uint64_t alarms = alarms_set();

	ck_assert_int_eq(TASK_SPAWN(spin_until, &argument, NULL, &task), 0);
	for (int i = 0; i < 100000; i++)
		task_safe_point();
	stop = 1;
	/* 100,000 safe points are 100 ms here and 100 ms there: 20 slices of 5 ms each. */
	ck_assert_int_eq(task_next(1, &info), 0);
	ck_assert_uint_ge(info.cpu_ns, 90 * NS_PER_MS);
	ck_assert_uint_le(info.cpu_ns, 110 * NS_PER_MS);
	ck_assert_uint_ge(info.switches, 18);
	ck_assert_uint_le(info.switches, 22);
	ck_assert_uint_le(alarms_set() - alarms, 50);
	ck_assert_int_eq(task_kill(task.word), 0);
}
END_TEST

START_TEST(a_task_alone_is_not_interrupted)
{
	uint64_t alarms = alarms_set();

	for (int i = 0; i < 20000; i++)
		task_safe_point();
	ck_assert_uint_eq(alarms_set(), alarms);
	ck_assert_uint_eq(interrupts_taken(), 0);
}
END_TEST

static int yield_often(int times)
{
	for (int i = 0; i < times; i++)
		task_yield();
	return times;
}
TASK_ENTRY_PLAIN(yield_often, int);

START_TEST(switching_to_and_fro_does_not_set_the_alarm_each_time)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	uint64_t alarms = alarms_set(), interrupts = interrupts_taken();
	int times = 1000;

	/* 2000 safe points are 2 ms: no slice ends, but each switch has one that would. */
	ck_assert_int_eq(TASK_SPAWN(yield_often, &times, NULL, &task), 0);
	(void)yield_often(times);
	check_end(&task, TASK_RETURNED, times);
	ck_assert_uint_eq(alarms_set() - alarms, 1);
	ck_assert_uint_eq(interrupts_taken(), interrupts);
}
END_TEST

static void add_lives(TCase *tcase)
{
	tcase_add_test(tcase, the_joiner_gets_what_the_function_returned);
	tcase_add_test(tcase, a_task_that_ended_keeps_its_value_until_it_is_joined);
	tcase_add_test(tcase, the_argument_is_moved_when_the_spawn_succeeds);
	tcase_add_test(tcase, each_failing_mapping_fails_the_spawn_and_leaves_argument_and_memory);
	tcase_add_test(tcase, a_spawn_with_impossible_options_is_refused);
	tcase_add_test(tcase, an_argument_of_the_largest_size_arrives_whole);
	tcase_add_test(tcase, a_detached_task_is_freed_at_the_next_safe_point_after_its_end);
	tcase_add_test(tcase, detaching_a_task_that_has_ended_frees_it_at_once);
	tcase_add_test(tcase, task_exit_runs_the_cleanups_and_the_joiner_gets_its_value);
	tcase_add_test(tcase, a_crash_ends_its_task_only);
	tcase_add_test(tcase, a_join_that_times_out_leaves_the_handle);
	tcase_add_test(tcase, a_join_of_a_stale_handle_or_of_oneself_is_an_error);
	tcase_add_exit_test(tcase, the_machine_dies_with_the_first_task, 64 + MACHINE_DIED);
}

static void add_order(TCase *tcase)
{
	tcase_add_test(tcase, tasks_of_one_priority_run_in_turn);
	tcase_add_test(tcase, a_higher_priority_runs_first_and_to_its_end);
	tcase_add_test(tcase, a_task_of_higher_priority_runs_at_the_next_safe_point);
	tcase_add_test(tcase, a_priority_that_is_set_counts_at_once);
	tcase_add_test(tcase, sleepers_wake_by_deadline_and_equal_ones_in_order_of_arrival);
	tcase_add_test(tcase, a_sleeper_far_away_does_not_delay_a_near_one_and_both_wake);
	tcase_add_test(tcase, a_task_that_never_yields_is_preempted_at_the_end_of_its_slice);
	tcase_add_test(tcase, a_task_alone_is_not_interrupted);
	tcase_add_test(tcase, switching_to_and_fro_does_not_set_the_alarm_each_time);
}

int main(void)
{
	Suite *suite = suite_create("task");
	TCase *tcase = tcase_create("task");

	tcase_add_checked_fixture(tcase, start, NULL);
	add_lives(tcase);
	add_order(tcase);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
