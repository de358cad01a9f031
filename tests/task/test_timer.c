/* SPDX-License-Identifier: MIT */
/*
 * The timer driver, the interrupt cell and the scheduler, each by itself.
 */
#include <clew/clock.h>
#include <clew/interrupt.h>
#include <clew/scheduler.h>

#include "machine.h"

/* ---- the timer ------------------------------------------------------------------- */

static void start_at_25_mhz(void)
{
	set_timer_hz(25000000);
	start_system();
}

static void set_alarm(uint64_t at_ns)
{
	OWN(irq_guard, guard) = irq_off();

	clock_set_alarm(at_ns);
}

START_TEST(an_alarm_counts_to_its_time_rounded_up)
{
	set_clock(1000);
	set_alarm(1000 + 40); /* 25 MHz: 40 ns a count */
	ck_assert_uint_eq(last_count(), 1);
	set_alarm(1000 + 41);
	ck_assert_uint_eq(last_count(), 2);
	set_alarm(1000 + 1000000000);
	ck_assert_uint_eq(last_count(), 25000000);
}
END_TEST

START_TEST(an_alarm_in_the_past_comes_at_once_and_never_disarms)
{
	set_clock(1000);
	set_alarm(1);
	ck_assert_uint_eq(last_count(), 1);
	set_alarm(CLOCK_NEVER);
	ck_assert_uint_eq(last_count(), 0);
}
END_TEST

START_TEST(an_alarm_beyond_32_bits_of_counts_is_reached_in_steps)
{
	/* 2^32 - 1 counts of 40 ns are 171.8 s. */
	uint64_t now_ns = clock_now_ns();
	uint64_t interrupts = interrupts_taken();

	task_sleep(1000 * NS_PER_S);
	ck_assert_uint_ge(clock_now_ns(), now_ns + 1000 * NS_PER_S);
	ck_assert_uint_lt(clock_now_ns(), now_ns + 1000 * NS_PER_S + NS_PER_MS);
	ck_assert_uint_eq(interrupts_taken() - interrupts, 6); /* 1000 / 171.8, rounded up */
}
END_TEST

static uint64_t told_at_ns;

static void tell(void)
{
	told_at_ns = clock_now_ns();
}

START_TEST(nobody_is_told_before_the_alarm)
{
	interrupt_detach(MACHINE_VECTOR_TIMER);
	ck_assert_int_eq(clock_init(tell), 0);
	ck_assert_int_eq(clock_init(tell), -EBUSY);
	set_clock(0);
	set_alarm(200 * NS_PER_S); /* two steps: 171.8 s and the rest */
	set_clock(180 * NS_PER_S);
	task_safe_point();
	ck_assert_uint_eq(told_at_ns, 0);
	ck_assert_uint_lt(last_count(), UINT32_MAX);
	set_clock(200 * NS_PER_S);
	task_safe_point();
	ck_assert_uint_ge(told_at_ns, 200 * NS_PER_S);
	told_at_ns = 0;
	task_safe_point();
	ck_assert_uint_eq(told_at_ns, 0);
}
END_TEST

START_TEST(the_largest_alarm_does_not_overflow)
{
	set_clock(0);
	set_alarm(CLOCK_NEVER - 1);
	ck_assert_uint_eq(last_count(), UINT32_MAX);
}
END_TEST

/* ---- interrupts --------------------------------------------------------------------- */

static int calls;
static void *called_with;
static bool was_active;
static uint64_t id_in_handler;
static uintptr_t sp_in_handler;

static void count_call(void *context)
{
	calls++;
	called_with = context;
	was_active = interrupt_active();
	id_in_handler = task_id();
	sp_in_handler = (uintptr_t)__builtin_frame_address(0);
}

START_TEST(a_vector_has_one_handler_and_only_devices_have_one)
{
	ck_assert_int_eq(interrupt_attach(0x30, count_call, NULL), 0);
	ck_assert_int_eq(interrupt_attach(0x30, count_call, NULL), -EBUSY);
	interrupt_detach(0x30);
	ck_assert_int_eq(interrupt_attach(0x30, count_call, NULL), 0);
	ck_assert_int_eq(interrupt_attach(31, count_call, NULL), -EINVAL);
	ck_assert_int_eq(interrupt_attach(32, count_call, NULL), -EBUSY); /* the timer */
	ck_assert_int_eq(interrupt_attach(0x31, NULL, NULL), -EINVAL);
	ck_assert_int_eq(interrupt_attach(255, count_call, NULL), 0);
	interrupt_detach(3);
}
END_TEST

START_TEST(a_handler_runs_on_the_interrupt_stack_and_is_no_task)
{
	uintptr_t low, high;
	int context;

	interrupt_detach(MACHINE_VECTOR_TIMER);
	ck_assert_int_eq(interrupt_attach(MACHINE_VECTOR_TIMER, count_call, &context), 0);
	set_alarm(clock_now_ns() + 1);
	task_safe_point();
	ck_assert_int_eq(calls, 1);
	ck_assert_ptr_eq(called_with, &context);
	ck_assert(was_active);
	ck_assert(!interrupt_active());
	ck_assert_uint_eq(id_in_handler, 0);
	ck_assert_uint_eq(task_id(), 1);
	interrupt_stack(&low, &high);
	ck_assert_uint_ge(sp_in_handler, low);
	ck_assert_uint_lt(sp_in_handler, high);
	ck_assert_int_eq((int)machine_prot_at(low - 1), MACHINE_NONE);
	ck_assert(interrupts_on());
}
END_TEST

START_TEST(an_interrupt_without_a_handler_is_ignored)
{
	uint64_t interrupts = interrupts_taken();

	interrupt_detach(MACHINE_VECTOR_TIMER);
	set_alarm(clock_now_ns() + 1);
	task_safe_point();
	ck_assert_uint_eq(interrupts_taken(), interrupts + 1);
	ck_assert(interrupts_on());
}
END_TEST

/* ---- the scheduler --------------------------------------------------------------------- */

START_TEST(links_come_out_by_priority_and_in_order_of_arrival)
{
	struct scheduler_link links[] = {
		{ .priority = 4 },
		{ .priority = 0 },
		{ .priority = 4 },
		{ .priority = 7 },
	};

	ck_assert_ptr_null(scheduler_take());
	for (int i = 0; i < 4; i++)
		scheduler_add(&links[i]);
	ck_assert(scheduler_has(7));
	ck_assert_ptr_eq(scheduler_take(), &links[3]);
	ck_assert(!scheduler_has(5));
	ck_assert(scheduler_has(4));
	ck_assert_ptr_eq(scheduler_take(), &links[0]);
	ck_assert_ptr_eq(scheduler_take(), &links[2]);
	ck_assert(!scheduler_has(1));
	ck_assert(scheduler_has(0));
	ck_assert_ptr_eq(scheduler_take(), &links[1]);
	ck_assert(!scheduler_has(0));
	ck_assert(!scheduler_has(UINT32_MAX));
	ck_assert_ptr_null(scheduler_take());
}
END_TEST

START_TEST(a_link_can_be_removed_from_anywhere_and_twice)
{
	struct scheduler_link links[3] = { { .priority = 2 },
					   { .priority = 2 },
					   { .priority = 2 } };

	for (int removed = 0; removed < 3; removed++) {
		for (int i = 0; i < 3; i++)
			scheduler_add(&links[i]);
		scheduler_remove(&links[removed]);
		scheduler_remove(&links[removed]);
		for (int i = 0; i < 3; i++) {
			if (i != removed)
				ck_assert_ptr_eq(scheduler_take(), &links[i]);
		}
		ck_assert_ptr_null(scheduler_take());
	}
}
END_TEST

/* Against arrays of arrivals. */
START_TEST(random_additions_and_removals_agree_with_a_list)
{
	static struct scheduler_link links[64];
	static int order[100000]; /* indices in order of arrival, -1: gone */
	int arrivals = 0;

	for (int step = 0; step < 50000; step++) {
		struct scheduler_link *link = &links[random_below(64)], *taken;
		int expected = -1;

		if (random_below(3) > 0 && !link->queued) {
			link->priority = (uint32_t)random_below(SCHEDULER_PRIORITIES);
			order[arrivals++] = (int)(link - links);
			scheduler_add(link);
		} else if (random_below(2) == 0) {
			for (int i = 0; i < arrivals; i++) {
				if (order[i] == link - links)
					order[i] = -1;
			}
			scheduler_remove(link);
		} else {
			for (int i = 0; i < arrivals; i++) {
				if (order[i] >= 0 &&
				    (expected < 0 ||
				     links[order[i]].priority > links[order[expected]].priority))
					expected = i;
			}
			taken = scheduler_take();
			ck_assert_ptr_eq(taken, expected < 0 ? NULL : &links[order[expected]]);
			if (expected >= 0)
				order[expected] = -1;
		}
		if (step % 64 == 0) { /* forgets what is gone */
			int kept = 0;

			for (int i = 0; i < arrivals; i++) {
				if (order[i] >= 0)
					order[kept++] = order[i];
			}
			arrivals = kept;
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timer");
	TCase *timer = tcase_create("timer"), *interrupt = tcase_create("interrupt");
	TCase *scheduler = tcase_create("scheduler");

	tcase_add_checked_fixture(timer, start_at_25_mhz, NULL);
	tcase_add_test(timer, an_alarm_counts_to_its_time_rounded_up);
	tcase_add_test(timer, an_alarm_in_the_past_comes_at_once_and_never_disarms);
	tcase_add_test(timer, an_alarm_beyond_32_bits_of_counts_is_reached_in_steps);
	tcase_add_test(timer, nobody_is_told_before_the_alarm);
	tcase_add_test(timer, the_largest_alarm_does_not_overflow);
	tcase_add_checked_fixture(interrupt, start_system, NULL);
	tcase_add_test(interrupt, a_vector_has_one_handler_and_only_devices_have_one);
	tcase_add_test(interrupt, a_handler_runs_on_the_interrupt_stack_and_is_no_task);
	tcase_add_test(interrupt, an_interrupt_without_a_handler_is_ignored);
	tcase_add_test(scheduler, links_come_out_by_priority_and_in_order_of_arrival);
	tcase_add_test(scheduler, a_link_can_be_removed_from_anywhere_and_twice);
	tcase_add_test(scheduler, random_additions_and_removals_agree_with_a_list);
	suite_add_tcase(suite, timer);
	suite_add_tcase(suite, interrupt);
	suite_add_tcase(suite, scheduler);
	return run_suite(suite);
}
