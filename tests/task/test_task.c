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

static uint64_t frames_before;

static void start(void)
{
	start_system();
	frames_before = frames_used();
}

/* All that tasks had is back, and interrupts are on. */
static void check_all_is_back(void)
{
	struct task_info info;

	ck_assert_uint_eq(frames_used(), frames_before);
	ck_assert_uint_eq(namespace_references(), 2); /* the root's and the first task's */
	ck_assert(interrupts_on());
	ck_assert_int_eq(task_next(1, &info), -ENOENT);
}

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

START_TEST(sleepers_wake_by_deadline_and_equal_ones_in_order_of_arrival)
{
	static const uint64_t wait_ms[] = { 30, 10, 20, 10, 40, 20 };
	task_handle tasks[6] = { OWNER_EMPTY };
	uint64_t now_ns;

	for (size_t i = 0; i < 6; i++) {
		struct nap argument = { (char)('a' + i), wait_ms[i] * NS_PER_MS };

		ck_assert_int_eq(TASK_SPAWN(nap, &argument, NULL, &tasks[i]), 0);
	}
	now_ns = clock_now_ns();
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

START_TEST(switching_to_and_fro_does_not_set_the_alarm_each_time)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	volatile int stop = 0;
	flag argument = &stop;
	uint64_t alarms;

	ck_assert_int_eq(TASK_SPAWN(spin_until, &argument, NULL, &task), 0);
	task_yield();
	alarms = alarms_set();
	for (int i = 0; i < 100; i++)
		task_yield();
	/* 100 yields are 100 slices of the spinner, and each ends by an alarm. */
	ck_assert_uint_le(alarms_set() - alarms, 202);
	stop = 1;
}
END_TEST

/* ---- kill -------------------------------------------------------------------------- */

static int sleep_holding(letter argument)
{
	OWN(letter, mine) = MOVE(argument);

	note("asleep");
	task_sleep(1000 * NS_PER_S);
	note("awake");
	return 0;
}
TASK_ENTRY(sleep_holding, letter);

START_TEST(a_killed_sleeper_is_unwound_at_once)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	OWN(letter, a) = { 'a' };

	ck_assert_int_eq(TASK_SPAWN(sleep_holding, &a, NULL, &task), 0);
	task_yield();
	ck_assert_int_eq(task_kill(task.word), 0);
	check_end(&task, TASK_KILLED, 0);
	check_journal("asleep -a");
	ck_assert_uint_lt(clock_now_ns(), NS_PER_S);
	check_all_is_back();
}
END_TEST

START_TEST(a_task_that_is_killed_before_it_ran_releases_its_argument)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	OWN(letter, a) = { 'a' };

	ck_assert_int_eq(TASK_SPAWN(keep, &a, NULL, &task), 0);
	ck_assert_int_eq(task_kill(task.word), 0);
	check_end(&task, TASK_KILLED, 0);
	check_journal("-a");
	check_all_is_back();
}
END_TEST

static int kill_oneself(letter argument)
{
	OWN(letter, mine) = MOVE(argument);
	int r;

	{
		OWN(irq_guard, guard) = irq_off();

		r = task_kill(task_id());
		note(r == 0 ? "still here" : "?");
	}
	task_safe_point();
	note("not here");
	return 0;
}
TASK_ENTRY(kill_oneself, letter);

START_TEST(a_kill_waits_for_interrupts_to_be_on)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	OWN(letter, a) = { 'a' };

	ck_assert_int_eq(TASK_SPAWN(kill_oneself, &a, NULL, &task), 0);
	check_end(&task, TASK_KILLED, 0);
	check_journal("still here -a");
}
END_TEST

START_TEST(a_preempted_task_is_killed_at_its_next_safe_point)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	volatile int stop = 0;
	flag argument = &stop;

	ck_assert_int_eq(TASK_SPAWN(spin_until, &argument, NULL, &task), 0);
	task_yield(); /* the spinner is preempted, for it does not yield */
	ck_assert_int_eq(task_kill(task.word), 0);
	check_end(&task, TASK_KILLED, 0);
	check_all_is_back();
}
END_TEST

static int wait_for(task_handle argument)
{
	OWN(task_handle, task) = MOVE(argument);
	struct task_exit exit;

	return task_join(&task, WAIT_FOREVER, &exit);
}
TASK_ENTRY(wait_for, task_handle);

START_TEST(a_killed_joiner_drops_its_handle_and_the_other_goes_on)
{
	OWN(task_handle, sleeper) = OWNER_EMPTY;
	OWN(task_handle, joiner) = OWNER_EMPTY;
	struct nap argument = { 's', 10 * NS_PER_MS };

	ck_assert_int_eq(TASK_SPAWN(nap, &argument, NULL, &sleeper), 0);
	ck_assert_int_eq(TASK_SPAWN(wait_for, &sleeper, NULL, &joiner), 0);
	task_yield();
	ck_assert_int_eq(task_kill(joiner.word), 0);
	check_end(&joiner, TASK_KILLED, 0);
	task_sleep(20 * NS_PER_MS);
	check_journal("s");
	task_safe_point();
	check_all_is_back();
}
END_TEST

START_TEST(two_tasks_that_join_with_one_handle_do_not_use_freed_memory)
{
	OWN(task_handle, sleeper) = OWNER_EMPTY;
	OWN(task_handle, joiner) = OWNER_EMPTY;
	task_handle copy;
	struct task_exit exit;
	struct nap argument = { 's', 10 * NS_PER_MS };

	ck_assert_int_eq(TASK_SPAWN(nap, &argument, NULL, &sleeper), 0);
	copy = sleeper;
	ck_assert_int_eq(TASK_SPAWN(wait_for, &copy, NULL, &joiner), 0);
	ck_assert_int_eq(task_join(&sleeper, WAIT_FOREVER, &exit), 0);
	check_end(&joiner, TASK_RETURNED, -ENOENT);
	check_all_is_back();
}
END_TEST

OWNER(slow); /* word: 1, its cleanup blocks */

static void slow_cleanup(slow *place)
{
	if (place->word == 0)
		return;
	place->word = 0;
	note("cleaning");
	ck_assert_int_eq(task_kill(task_id()), 0);
	task_safe_point();
	task_yield();
	task_sleep(NS_PER_MS);
	note("cleaned");
}

static int clean_slowly(int unused)
{
	OWN(letter, a) = { 'a' };
	OWN(slow, last) = { 1 };

	(void)unused;
	task_sleep(1000 * NS_PER_S);
	return 0;
}
TASK_ENTRY_PLAIN(clean_slowly, int);

START_TEST(cleanups_of_a_killed_task_may_block_and_are_not_killed_again)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	struct task_info info;
	int unused = 0;

	ck_assert_int_eq(TASK_SPAWN(clean_slowly, &unused, NULL, &task), 0);
	task_yield();
	ck_assert_int_eq(task_kill(task.word), 0);
	task_yield();
	ck_assert_int_eq(task_next(1, &info), 0);
	ck_assert_int_eq((int)info.state, TASK_UNWINDING);
	ck_assert_int_eq(task_kill(task.word), 0);
	check_end(&task, TASK_KILLED, 0);
	check_journal("cleaning cleaned -a");
	check_all_is_back();
}
END_TEST

START_TEST(a_kill_of_nobody_or_of_the_first_task_is_refused)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	int number = 1;

	ck_assert_int_eq(task_kill(0), -ENOENT);
	ck_assert_int_eq(task_kill(77), -ENOENT);
	ck_assert_int_eq(task_kill(1), -EPERM);
	ck_assert_int_eq(TASK_SPAWN(add_one, &number, NULL, &task), 0);
	task_yield();
	ck_assert_int_eq(task_kill(task.word), -ENOENT);
	check_end(&task, TASK_RETURNED, 2);
}
END_TEST

/* ---- restart ------------------------------------------------------------------------ */

/* Wakes every parked task, as swap does. */
static int restart_all(void)
{
	struct task_memory memory;
	OWN(irq_guard, guard) = irq_off();
	int n = 0;

	for (uint64_t id = 0; task_memory_next(id, &memory) == 0; id = memory.id) {
		if (memory.parked) {
			task_restart(memory.task);
			n++;
		}
	}
	return n;
}

START_TEST(a_restarted_sleeper_sleeps_until_its_deadline)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	struct nap argument = { 's', 10 * NS_PER_MS };
	uint64_t now_ns = clock_now_ns();

	ck_assert_int_eq(TASK_SPAWN(nap, &argument, NULL, &task), 0);
	for (int i = 0; i < 5; i++) {
		task_yield();
		ck_assert_int_eq(restart_all(), 1);
	}
	check_end(&task, TASK_RETURNED, 0);
	ck_assert_uint_ge(clock_now_ns(), now_ns + 10 * NS_PER_MS);
	ck_assert_uint_lt(clock_now_ns(), now_ns + 11 * NS_PER_MS);
}
END_TEST

START_TEST(a_restarted_joiner_still_gets_the_value)
{
	OWN(task_handle, sleeper) = OWNER_EMPTY;
	OWN(task_handle, joiner) = OWNER_EMPTY;
	struct nap argument = { 's', 10 * NS_PER_MS };

	ck_assert_int_eq(TASK_SPAWN(nap, &argument, NULL, &sleeper), 0);
	ck_assert_int_eq(TASK_SPAWN(wait_for, &sleeper, NULL, &joiner), 0);
	for (int i = 0; i < 5; i++) {
		task_yield();
		ck_assert_int_eq(restart_all(), 2);
	}
	check_end(&joiner, TASK_RETURNED, 0);
	check_journal("s");
	check_all_is_back();
}
END_TEST

/* ---- what others may know ------------------------------------------------------------- */

START_TEST(task_next_lists_every_task_by_id)
{
	task_handle tasks[3] = { OWNER_EMPTY };
	struct task_options options = { .name = "napper", .restarts = 3, .priority = 1 + 2 };
	struct nap argument = { 's', 10 * NS_PER_MS };
	struct task_info info;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(TASK_SPAWN(nap, &argument, &options, &tasks[i]), 0);
	task_sleep(NS_PER_MS);
	ck_assert_int_eq(task_next(0, &info), 0);
	ck_assert_uint_eq(info.id, 1);
	ck_assert_str_eq(info.name, "first");
	ck_assert_int_eq((int)info.state, TASK_RUNNING);
	for (uint64_t id = 2; id <= 4; id++) {
		ck_assert_int_eq(task_next(id - 1, &info), 0);
		ck_assert_uint_eq(info.id, id);
		ck_assert_str_eq(info.name, "napper");
		ck_assert_uint_eq(info.priority, 2);
		ck_assert_uint_eq(info.restarts, 3);
		ck_assert_int_eq((int)info.state, TASK_PARKED);
		ck_assert_uint_eq(info.switches, 1);
	}
	ck_assert_int_eq(task_next(4, &info), -ENOENT);
	for (int i = 0; i < 3; i++)
		check_end(&tasks[i], TASK_RETURNED, 0);
}
END_TEST

START_TEST(a_task_has_a_guard_page_and_a_reserve_that_opens_once_and_goes_back)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	struct nap argument = { 's', 10 * NS_PER_MS };
	struct task_memory memory, opened;
	uintptr_t reserve;

	ck_assert_int_eq(TASK_SPAWN(nap, &argument, NULL, &task), 0);
	task_yield();
	ck_assert_int_eq(task_memory_next(1, &memory), 0);
	ck_assert(memory.parked && !memory.running);
	ck_assert_uint_ge(memory.stack_high - memory.stack_low, TASK_STACK_PAGES * PAGE_SIZE);
	ck_assert_uint_gt(memory.saved_sp, memory.stack_low);
	ck_assert_uint_lt(memory.saved_sp, memory.stack_high);
	reserve = memory.stack_low - TASK_RESERVE_PAGES * PAGE_SIZE;
	ck_assert_int_eq((int)machine_prot_at(reserve - 1), MACHINE_NONE);
	ck_assert_int_eq((int)machine_prot_at(reserve), MACHINE_NONE);
	ck_assert(task_open_reserve(memory.task));
	ck_assert(!task_open_reserve(memory.task));
	ck_assert_int_eq((int)machine_prot_at(reserve - 1), MACHINE_NONE);
	ck_assert_int_eq((int)machine_prot_at(reserve), MACHINE_RW);
	memset((void *)reserve, 0x5a, TASK_RESERVE_PAGES * PAGE_SIZE);
	ck_assert_int_eq(task_memory_next(1, &opened), 0);
	ck_assert_uint_eq(opened.stack_low, reserve);
	check_end(&task, TASK_RETURNED, 0);
	ck_assert_int_eq((int)machine_prot_at(reserve), MACHINE_NONE);
	check_all_is_back();
}
END_TEST

START_TEST(the_first_task_has_no_reserve)
{
	ck_assert(!task_open_reserve(task_current()));
	ck_assert(!task_open_reserve(NULL));
}
END_TEST

/* Whether a scan of that memory finds the word. */
static bool holds(const struct task_memory *memory, uint64_t word)
{
	for (uintptr_t at = (memory->saved_sp + 7) & -8ul; at + 8 <= memory->end; at += 8) {
		if (*(uint64_t *)at == word)
			return true;
	}
	return false;
}

static int hold_in_registers(flag stop)
{
	uint64_t at = 0x1122334455667788;

	while (!*stop)
		__asm__ volatile("xorl %%eax, %%eax; call task_safe_point@PLT"
				 : "+b"(at)
				 :
				 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
				   "memory", "cc", "xmm0", "xmm1");
	return at == 0x1122334455667788;
}
TASK_ENTRY_PLAIN(hold_in_registers, flag);

START_TEST(saved_registers_are_among_the_memory_that_swap_scans)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	volatile int stop = 0;
	flag argument = &stop;
	struct task_memory memory;

	ck_assert_int_eq(TASK_SPAWN(hold_in_registers, &argument, NULL, &task), 0);
	task_yield();
	ck_assert_int_eq(task_memory_next(1, &memory), 0);
	ck_assert(!memory.parked && !memory.running);
	ck_assert(holds(&memory, 0x1122334455667788));
	stop = 1;
	check_end(&task, TASK_RETURNED, 1);
}
END_TEST

static int look_at_first(flag seen)
{
	struct task_memory memory;

	if (task_memory_next(0, &memory) == 0 && memory.id == 1)
		*seen = holds(&memory, 0x8877665544332211) ? 1 : 2;
	return 0;
}
TASK_ENTRY_PLAIN(look_at_first, flag);

START_TEST(registers_of_the_first_task_are_on_its_stack_when_it_is_preempted)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	volatile int seen = 0;
	flag argument = &seen;
	uint64_t at = 0x8877665544332211;

	ck_assert_int_eq(TASK_SPAWN(look_at_first, &argument, NULL, &task), 0);
	while (!seen)
		__asm__ volatile("call task_safe_point@PLT"
				 : "+b"(at)
				 :
				 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
				   "memory", "cc", "xmm0", "xmm1");
	ck_assert_int_eq(seen, 1);
	ck_assert(at == 0x8877665544332211);
}
END_TEST

START_TEST(time_is_charged_to_the_task_that_ran_and_idle_time_to_nobody)
{
	struct task_info info;
	uint64_t before;

	ck_assert_int_eq(task_next(0, &info), 0);
	before = info.cpu_ns;
	for (int i = 0; i < 1000; i++)
		task_safe_point();
	ck_assert_int_eq(task_next(0, &info), 0);
	ck_assert_uint_eq(info.cpu_ns - before, 1000 * SAFE_POINT_NS);
	before = info.cpu_ns;
	task_sleep(NS_PER_S);
	ck_assert_int_eq(task_next(0, &info), 0);
	ck_assert_uint_le(info.cpu_ns - before, 2 * SAFE_POINT_NS);
}
END_TEST

START_TEST(switches_are_traced_when_the_machine_traces)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	int number = 1;

	ck_assert_int_eq(TASK_SPAWN(add_one, &number, NULL, &task), 0);
	check_end(&task, TASK_RETURNED, 2);
	ck_assert_str_eq(trace_text(), "\"event\":\"spawn\",\"task\":2\n"
				       "\"event\":\"switch\",\"from\":1,\"to\":2\n"
				       "\"event\":\"end\",\"task\":2,\"end\":0,\"value\":2\n"
				       "\"event\":\"switch\",\"from\":2,\"to\":1\n");
}
END_TEST

START_TEST(nothing_is_traced_when_the_machine_does_not)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	int number = 1;

	ck_assert_int_eq(TASK_SPAWN(add_one, &number, NULL, &task), 0);
	check_end(&task, TASK_RETURNED, 2);
	ck_assert_str_eq(trace_text(), "");
}
END_TEST

static void start_traced(void)
{
	set_flags(MACHINE_TRACE);
	start();
}

START_TEST(every_state_has_a_name)
{
	static const char *const names[] = { "ready", "running", "parked", "unwinding", "ended" };

	for (int i = 0; i < 5; i++)
		ck_assert_str_eq(task_state_name((enum task_phase)i), names[i]);
	ck_assert_str_eq(task_state_name((enum task_phase)5), "?");
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

static void add_kills(TCase *tcase)
{
	tcase_add_test(tcase, a_killed_sleeper_is_unwound_at_once);
	tcase_add_test(tcase, a_task_that_is_killed_before_it_ran_releases_its_argument);
	tcase_add_test(tcase, a_kill_waits_for_interrupts_to_be_on);
	tcase_add_test(tcase, a_preempted_task_is_killed_at_its_next_safe_point);
	tcase_add_test(tcase, a_killed_joiner_drops_its_handle_and_the_other_goes_on);
	tcase_add_test(tcase, two_tasks_that_join_with_one_handle_do_not_use_freed_memory);
	tcase_add_test(tcase, cleanups_of_a_killed_task_may_block_and_are_not_killed_again);
	tcase_add_test(tcase, a_kill_of_nobody_or_of_the_first_task_is_refused);
	tcase_add_test(tcase, a_restarted_sleeper_sleeps_until_its_deadline);
	tcase_add_test(tcase, a_restarted_joiner_still_gets_the_value);
}

static void add_views(TCase *tcase)
{
	tcase_add_test(tcase, task_next_lists_every_task_by_id);
	tcase_add_test(tcase, a_task_has_a_guard_page_and_a_reserve_that_opens_once_and_goes_back);
	tcase_add_test(tcase, the_first_task_has_no_reserve);
	tcase_add_test(tcase, saved_registers_are_among_the_memory_that_swap_scans);
	tcase_add_test(tcase, registers_of_the_first_task_are_on_its_stack_when_it_is_preempted);
	tcase_add_test(tcase, time_is_charged_to_the_task_that_ran_and_idle_time_to_nobody);
	tcase_add_test(tcase, nothing_is_traced_when_the_machine_does_not);
	tcase_add_test(tcase, every_state_has_a_name);
}

int main(void)
{
	Suite *suite = suite_create("task");
	TCase *tcase = tcase_create("task"), *traced = tcase_create("traced");

	tcase_add_checked_fixture(tcase, start, NULL);
	add_lives(tcase);
	add_order(tcase);
	add_kills(tcase);
	add_views(tcase);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(traced, start_traced, NULL);
	tcase_add_test(traced, switches_are_traced_when_the_machine_traces);
	suite_add_tcase(suite, traced);
	return run_suite(suite);
}
