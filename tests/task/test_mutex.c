/* SPDX-License-Identifier: MIT */
/*
 * Wait queues and mutexes between tasks that really run.
 */
#include <clew/mutex.h>

#include "journal.h"
#include "machine.h"

struct ledger_data {
	int total;
};
MUTEX(ledger, struct ledger_data);

static struct ledger ledger;

/* ---- wait queues ----------------------------------------------------------------- */

static struct wait_queue queue;

static int wait_step(uint64_t deadline_ns)
{
	OWN(irq_guard, guard) = irq_off();
	int r = wait_on(&queue, deadline_ns, &guard);

	ck_assert(!interrupts_on());
	return r;
}

struct waiting {
	char name;
	uint64_t deadline_ns;
};

static int wait_and_note(struct waiting argument)
{
	OWN(letter, held) = { (uint64_t)argument.name };
	char text[] = { argument.name, 0 };
	int r = wait_step(argument.deadline_ns);

	held.word = 0;
	note(text);
	return r;
}
TASK_ENTRY_PLAIN(wait_and_note, struct waiting);

static task_handle spawn_waiting(char name, uint64_t deadline_ns)
{
	task_handle task = OWNER_EMPTY;
	struct waiting argument = { name, deadline_ns };

	ck_assert_int_eq(TASK_SPAWN(wait_and_note, &argument, NULL, &task), 0);
	return task;
}

static unsigned int wake(unsigned int (*fn)(struct wait_queue *))
{
	OWN(irq_guard, guard) = irq_off();

	return fn(&queue);
}

START_TEST(wake_one_wakes_who_waited_longest)
{
	OWN(task_handle, a) = spawn_waiting('a', WAIT_FOREVER);
	OWN(task_handle, b) = spawn_waiting('b', WAIT_FOREVER);

	task_yield();
	ck_assert_uint_eq(wake(wait_wake_one), 1);
	check_end(&a, TASK_RETURNED, 0);
	check_journal("a");
	ck_assert_uint_eq(wake(wait_wake_one), 1);
	check_end(&b, TASK_RETURNED, 0);
	check_journal("b");
	ck_assert_uint_eq(wake(wait_wake_one), 0);
	ck_assert_ptr_null(queue.first);
	ck_assert_ptr_null(queue.last);
}
END_TEST

START_TEST(wake_all_wakes_all_in_order_and_says_how_many)
{
	OWN(task_handle, a) = spawn_waiting('a', WAIT_FOREVER);
	OWN(task_handle, b) = spawn_waiting('b', WAIT_FOREVER);
	OWN(task_handle, c) = spawn_waiting('c', WAIT_FOREVER);

	task_yield();
	ck_assert_uint_eq(wake(wait_wake_all), 3);
	check_end(&a, TASK_RETURNED, 0);
	check_end(&b, TASK_RETURNED, 0);
	check_end(&c, TASK_RETURNED, 0);
	check_journal("a b c");
}
END_TEST

START_TEST(a_wait_times_out_and_leaves_the_queue)
{
	uint64_t deadline_ns = clock_now_ns() + NS_PER_MS;

	ck_assert_int_eq(wait_step(WAIT_NOT), WAIT_E_TIMEOUT);
	ck_assert_int_eq(wait_step(deadline_ns), WAIT_E_TIMEOUT);
	ck_assert_uint_ge(clock_now_ns(), deadline_ns);
	ck_assert_ptr_null(queue.first);
	ck_assert(interrupts_on());
}
END_TEST

START_TEST(a_wake_up_is_not_spent_on_a_killed_or_restarted_task)
{
	OWN(task_handle, a) = spawn_waiting('a', WAIT_FOREVER);
	OWN(task_handle, b) = spawn_waiting('b', WAIT_FOREVER);
	OWN(task_handle, c) = spawn_waiting('c', WAIT_FOREVER);
	struct task_memory memory;

	task_yield();
	ck_assert_int_eq(task_kill(a.word), 0);
	{
		OWN(irq_guard, guard) = irq_off();

		ck_assert_int_eq(task_memory_next(b.word - 1, &memory), 0);
		task_restart(memory.task);
	}
	ck_assert_uint_eq(wake(wait_wake_one), 1);
	check_end(&a, TASK_KILLED, 0);
	check_end(&b, TASK_RETURNED, WAIT_E_RESTART);
	check_end(&c, TASK_RETURNED, 0);
	check_journal("-a b c");
	ck_assert_ptr_null(queue.first);
}
END_TEST

START_TEST(a_task_that_was_woken_and_then_killed_returns_from_its_wait_first)
{
	OWN(task_handle, a) = spawn_waiting('a', WAIT_FOREVER);

	task_yield();
	ck_assert_uint_eq(wake(wait_wake_one), 1);
	ck_assert_int_eq(task_kill(a.word), 0);
	check_end(&a, TASK_RETURNED, 0);
	check_journal("a");
}
END_TEST

START_TEST(a_task_that_is_killed_before_it_waits_does_not_wait)
{
	OWN(task_handle, a) = OWNER_EMPTY;
	uint64_t now_ns = clock_now_ns();

	a = spawn_waiting('a', clock_now_ns() + NS_PER_S);
	ck_assert_int_eq(task_kill(a.word), 0);
	check_end(&a, TASK_KILLED, 0);
	ck_assert_uint_lt(clock_now_ns(), now_ns + NS_PER_MS);
}
END_TEST

static int die_waiting(int unused)
{
	OWN(letter, held) = { 'h' };
	OWN(irq_guard, guard) = irq_off();

	(void)unused;
	ck_assert_int_eq(task_kill(task_id()), 0);
	return wait_on(&queue, WAIT_FOREVER, &guard);
}
TASK_ENTRY_PLAIN(die_waiting, int);

START_TEST(a_task_that_is_killed_between_its_safe_point_and_its_wait_does_not_park)
{
	OWN(task_handle, a) = OWNER_EMPTY;
	int unused = 0;

	ck_assert_int_eq(TASK_SPAWN(die_waiting, &unused, NULL, &a), 0);
	check_end(&a, TASK_KILLED, 0);
	check_journal("-h");
	ck_assert_ptr_null(queue.first);
	ck_assert(interrupts_on());
}
END_TEST

/* ---- mutexes ---------------------------------------------------------------------- */

START_TEST(the_guard_gives_the_data_and_its_end_unlocks)
{
	for (int i = 0; i < 3; i++) {
		OWN(ledger_guard, guard) = OWNER_EMPTY;

		ck_assert_int_eq(ledger_lock(&ledger, WAIT_NOT, &guard), 0);
		ck_assert_int_eq(ledger_data(&guard)->total++, i);
		ck_assert_uint_eq(ledger.mutex.holder, task_id());
	}
	ck_assert_uint_eq(ledger.mutex.holder, 0);
}
END_TEST

START_TEST(locking_twice_is_an_error_not_a_deadlock)
{
	OWN(ledger_guard, guard) = OWNER_EMPTY;
	OWN(ledger_guard, again) = OWNER_EMPTY;

	ck_assert_int_eq(ledger_lock(&ledger, WAIT_FOREVER, &guard), 0);
	ck_assert_int_eq(ledger_lock(&ledger, WAIT_FOREVER, &again), -EDEADLK);
	ck_assert(IS_EMPTY(again));
}
END_TEST

struct locking {
	char name;
	uint64_t deadline_ns;
	uint64_t hold_ns;
};

static int lock_and_note(struct locking argument)
{
	OWN(ledger_guard, guard) = OWNER_EMPTY;
	char text[] = { argument.name, 0 };
	int r = ledger_lock(&ledger, argument.deadline_ns, &guard);

	note(text);
	if (r == 0 || r == MUTEX_E_POISONED) {
		ck_assert_uint_eq(ledger.mutex.holder, task_id());
		ledger_data(&guard)->total++;
		if (argument.hold_ns > 0)
			task_sleep(argument.hold_ns);
	}
	return r;
}
TASK_ENTRY_PLAIN(lock_and_note, struct locking);

static task_handle spawn_locking(char name, uint64_t deadline_ns, uint64_t hold_ns)
{
	task_handle task = OWNER_EMPTY;
	struct locking argument = { name, deadline_ns, hold_ns };

	ck_assert_int_eq(TASK_SPAWN(lock_and_note, &argument, NULL, &task), 0);
	return task;
}

START_TEST(unlock_hands_over_to_who_waited_longest_and_nobody_overtakes)
{
	OWN(task_handle, a) = OWNER_EMPTY;
	OWN(task_handle, b) = OWNER_EMPTY;
	OWN(ledger_guard, late) = OWNER_EMPTY;

	{
		OWN(ledger_guard, guard) = OWNER_EMPTY;

		ck_assert_int_eq(ledger_lock(&ledger, WAIT_NOT, &guard), 0);
		a = spawn_locking('a', WAIT_FOREVER, NS_PER_MS);
		b = spawn_locking('b', WAIT_FOREVER, 0);
		task_yield();
		check_journal("");
	}
	ck_assert_uint_eq(ledger.mutex.holder, a.word);
	ck_assert_int_eq(ledger_lock(&ledger, WAIT_NOT, &late), MUTEX_E_TIMEOUT);
	ck_assert_int_eq(ledger_lock(&ledger, WAIT_FOREVER, &late), 0);
	note("late");
	check_journal("a b late");
	check_end(&a, TASK_RETURNED, 0);
	check_end(&b, TASK_RETURNED, 0);
}
END_TEST

START_TEST(a_lock_times_out_at_its_deadline)
{
	OWN(ledger_guard, guard) = OWNER_EMPTY;
	OWN(task_handle, a) = OWNER_EMPTY;

	ck_assert_int_eq(ledger_lock(&ledger, WAIT_NOT, &guard), 0);
	a = spawn_locking('a', clock_now_ns() + NS_PER_MS, 0);
	check_end(&a, TASK_RETURNED, MUTEX_E_TIMEOUT);
	ck_assert_ptr_null(ledger.mutex.waiters.first);
}
END_TEST

START_TEST(a_restarted_waiter_still_gets_the_lock)
{
	OWN(task_handle, a) = OWNER_EMPTY;
	struct task_memory memory;

	{
		OWN(ledger_guard, guard) = OWNER_EMPTY;

		ck_assert_int_eq(ledger_lock(&ledger, WAIT_NOT, &guard), 0);
		a = spawn_locking('a', WAIT_FOREVER, 0);
		for (int i = 0; i < 5; i++) {
			task_yield();
			OWN(irq_guard, off) = irq_off();
			ck_assert_int_eq(task_memory_next(1, &memory), 0);
			ck_assert(memory.parked);
			task_restart(memory.task);
		}
	}
	check_end(&a, TASK_RETURNED, 0);
	check_journal("a");
}
END_TEST

START_TEST(a_killed_holder_unlocks_and_does_not_poison)
{
	OWN(task_handle, a) = spawn_locking('a', WAIT_FOREVER, NS_PER_S);
	OWN(ledger_guard, guard) = OWNER_EMPTY;

	task_yield();
	ck_assert_int_eq(task_kill(a.word), 0);
	ck_assert_int_eq(ledger_lock(&ledger, WAIT_FOREVER, &guard), 0);
	check_end(&a, TASK_KILLED, 0);
}
END_TEST

START_TEST(a_killed_waiter_does_not_get_the_lock)
{
	OWN(task_handle, a) = OWNER_EMPTY;
	OWN(task_handle, b) = OWNER_EMPTY;

	{
		OWN(ledger_guard, guard) = OWNER_EMPTY;

		ck_assert_int_eq(ledger_lock(&ledger, WAIT_NOT, &guard), 0);
		a = spawn_locking('a', WAIT_FOREVER, 0);
		b = spawn_locking('b', WAIT_FOREVER, 0);
		task_yield();
		ck_assert_int_eq(task_kill(a.word), 0);
	}
	ck_assert_uint_eq(ledger.mutex.holder, b.word);
	check_end(&a, TASK_KILLED, 0);
	check_end(&b, TASK_RETURNED, 0);
	check_journal("b");
}
END_TEST

static int crash_holding(int unused)
{
	OWN(ledger_guard, guard) = OWNER_EMPTY;

	(void)unused;
	if (ledger_lock(&ledger, WAIT_FOREVER, &guard) != 0)
		return -1;
	crash();
}
TASK_ENTRY_PLAIN(crash_holding, int);

START_TEST(a_crashed_holder_poisons_until_the_poison_is_cleared)
{
	OWN(task_handle, crasher) = OWNER_EMPTY;
	OWN(task_handle, waiter) = OWNER_EMPTY;
	int unused = 0;

	{
		OWN(ledger_guard, guard) = OWNER_EMPTY;

		ck_assert_int_eq(ledger_lock(&ledger, WAIT_NOT, &guard), 0);
		ck_assert_int_eq(TASK_SPAWN(crash_holding, &unused, NULL, &crasher), 0);
		waiter = spawn_locking('w', WAIT_FOREVER, 0);
		task_yield();
	}
	check_end(&crasher, TASK_CRASHED, 7);
	check_end(&waiter, TASK_RETURNED, MUTEX_E_POISONED);
	{
		OWN(ledger_guard, guard) = OWNER_EMPTY;

		ck_assert_int_eq(ledger_lock(&ledger, WAIT_NOT, &guard), MUTEX_E_POISONED);
		mutex_clear_poison(&ledger.mutex);
	}
	{
		OWN(ledger_guard, guard) = OWNER_EMPTY;

		ck_assert_int_eq(ledger_lock(&ledger, WAIT_NOT, &guard), 0);
	}
}
END_TEST

static void add_waits(TCase *tcase)
{
	tcase_add_test(tcase, wake_one_wakes_who_waited_longest);
	tcase_add_test(tcase, wake_all_wakes_all_in_order_and_says_how_many);
	tcase_add_test(tcase, a_wait_times_out_and_leaves_the_queue);
	tcase_add_test(tcase, a_wake_up_is_not_spent_on_a_killed_or_restarted_task);
	tcase_add_test(tcase, a_task_that_was_woken_and_then_killed_returns_from_its_wait_first);
	tcase_add_test(tcase, a_task_that_is_killed_before_it_waits_does_not_wait);
	tcase_add_test(tcase,
		       a_task_that_is_killed_between_its_safe_point_and_its_wait_does_not_park);
}

static void add_mutexes(TCase *tcase)
{
	tcase_add_test(tcase, the_guard_gives_the_data_and_its_end_unlocks);
	tcase_add_test(tcase, locking_twice_is_an_error_not_a_deadlock);
	tcase_add_test(tcase, unlock_hands_over_to_who_waited_longest_and_nobody_overtakes);
	tcase_add_test(tcase, a_lock_times_out_at_its_deadline);
	tcase_add_test(tcase, a_restarted_waiter_still_gets_the_lock);
	tcase_add_test(tcase, a_killed_holder_unlocks_and_does_not_poison);
	tcase_add_test(tcase, a_killed_waiter_does_not_get_the_lock);
	tcase_add_test(tcase, a_crashed_holder_poisons_until_the_poison_is_cleared);
}

int main(void)
{
	Suite *suite = suite_create("mutex");
	TCase *tcase = tcase_create("mutex");

	tcase_add_checked_fixture(tcase, start_system, NULL);
	add_waits(tcase);
	add_mutexes(tcase);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
