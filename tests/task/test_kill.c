/* SPDX-License-Identifier: MIT */
/*
 * Kill and restart of tasks in every state, the loop of a service, and what
 * others may know of a task: `ps`, recovery, swap.
 */
#include <clew/task.h>

#include <string.h>

#include "journal.h"
#include "machine.h"

static int add_one(int number)
{
	return number + 1;
}
TASK_ENTRY_PLAIN(add_one, int);

static int keep(letter argument)
{
	OWN(letter, mine) = MOVE(argument);

	note("run");
	return 0;
}
TASK_ENTRY(keep, letter);

typedef volatile int *flag;

static int spin_until(flag stop)
{
	int rounds = 0;

	while (!*stop) {
		task_safe_point();
		rounds++;
	}
	return rounds;
}
TASK_ENTRY_PLAIN(spin_until, flag);

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

/* ---- the loop of a service ------------------------------------------------------------ */

struct service {
	int steps;
	int sum;
};

static int service_step(void *argument)
{
	struct service *service = argument;
	int r = task_sleep_step(clock_now_ns() + NS_PER_MS);

	service->steps++;
	if (r == WAIT_E_RESTART)
		return TASK_AGAIN;
	service->sum += 10;
	return service->sum < 30 ? TASK_AGAIN : service->sum;
}

START_TEST(a_service_steps_until_it_says_otherwise_and_is_restarted_between_steps)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	struct service service = { 0, 0 };
	struct task_loop loop = { service_step, &service };

	ck_assert_int_eq(task_spawn(task_repeat, &loop, sizeof(loop), NULL, &task), 0);
	task_yield();
	ck_assert_int_eq(restart_all(), 1);
	check_end(&task, TASK_RETURNED, 30);
	ck_assert_int_eq(service.steps, 4);
	check_all_is_back();
}
END_TEST

START_TEST(a_service_can_be_killed)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	struct service service = { 0, -1000000 };
	struct task_loop loop = { service_step, &service };

	ck_assert_int_eq(task_spawn(task_repeat, &loop, sizeof(loop), NULL, &task), 0);
	task_sleep(5 * NS_PER_MS);
	ck_assert_int_eq(task_kill(task.word), 0);
	check_end(&task, TASK_KILLED, 0);
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

static void add_services(TCase *tcase)
{
	tcase_add_test(tcase,
		       a_service_steps_until_it_says_otherwise_and_is_restarted_between_steps);
	tcase_add_test(tcase, a_service_can_be_killed);
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
	Suite *suite = suite_create("kill");
	TCase *tcase = tcase_create("kill"), *traced = tcase_create("traced");

	tcase_add_checked_fixture(tcase, start, NULL);
	add_kills(tcase);
	add_services(tcase);
	add_views(tcase);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(traced, start_traced, NULL);
	tcase_add_test(traced, switches_are_traced_when_the_machine_traces);
	suite_add_tcase(suite, traced);
	return run_suite(suite);
}
