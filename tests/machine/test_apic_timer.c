/* SPDX-License-Identifier: MIT */
/*
 * The timer's registers, against Intel SDM vol. 3, 10.5.1 and 10.5.4: LVT after
 * reset 0x00010000 with bits 0-7, 16, 17-18 to write; divide configuration in
 * bits 0, 1 and 3 (figure 10-10).
 */
#include "machine/apic_timer.h"
#include "tap.h"

#define MASKED 0x10000u
#define VECTOR 0x20u
#define DIVIDE_BY_1 0xbu

static struct apic_timer timer;

static void reset(void)
{
	apic_timer_init(&timer);
}

static void start(uint32_t count, uint64_t now_ns)
{
	reset();
	apic_timer_write(&timer, APIC_DIVIDE, DIVIDE_BY_1, now_ns);
	apic_timer_write(&timer, APIC_LVT_TIMER, VECTOR, now_ns);
	apic_timer_write(&timer, APIC_INITIAL_COUNT, count, now_ns);
}

START_TEST(after_reset_it_is_masked_and_stopped)
{
	reset();
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_LVT_TIMER, 5), MASKED);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_INITIAL_COUNT, 5), 0);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_CURRENT_COUNT, 5), 0);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_DIVIDE, 5), 0);
	ck_assert_uint_eq(timer.deadline_ns, APIC_TIMER_NEVER);
	ck_assert_uint_eq(apic_timer_expire(&timer, APIC_TIMER_NEVER - 1), 0);
	ck_assert_uint_eq(apic_timer_expire(&timer, APIC_TIMER_NEVER), 0);
}
END_TEST

START_TEST(it_counts_down_and_raises_its_vector_once)
{
	start(1000, 50);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_INITIAL_COUNT, 50), 1000);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_CURRENT_COUNT, 50), 1000);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_CURRENT_COUNT, 450), 600);
	ck_assert_uint_eq(apic_timer_expire(&timer, 1049), 0);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_CURRENT_COUNT, 1049), 1);
	ck_assert_uint_eq(apic_timer_expire(&timer, 1050), VECTOR);
	ck_assert_uint_eq(apic_timer_expire(&timer, 1050), 0);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_CURRENT_COUNT, 1050), 0);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_INITIAL_COUNT, 1050), 1000);
}
END_TEST

START_TEST(the_divisor_is_spread_over_bits_0_1_and_3)
{
	static const struct {
		uint32_t configuration, divisor;
	} figure_10_10[] = {
		{ 0x0, 2 },  { 0x1, 4 },  { 0x2, 8 },	{ 0x3, 16 },
		{ 0x8, 32 }, { 0x9, 64 }, { 0xa, 128 }, { 0xb, 1 },
	};

	for (unsigned int i = 0; i < 8; i++) {
		reset();
		apic_timer_write(&timer, APIC_DIVIDE, figure_10_10[i].configuration, 0);
		apic_timer_write(&timer, APIC_LVT_TIMER, VECTOR, 0);
		apic_timer_write(&timer, APIC_INITIAL_COUNT, 10, 1000);
		ck_assert_uint_eq(timer.deadline_ns, 1000 + 10 * figure_10_10[i].divisor);
		ck_assert_uint_eq(apic_timer_read(&timer, APIC_CURRENT_COUNT,
						  1000 + 3 * figure_10_10[i].divisor),
				  7);
		ck_assert_uint_eq(apic_timer_read(&timer, APIC_DIVIDE, 0),
				  figure_10_10[i].configuration);
	}
}
END_TEST

START_TEST(reserved_bits_read_as_zero)
{
	reset();
	apic_timer_write(&timer, APIC_DIVIDE, UINT32_MAX, 0);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_DIVIDE, 0), 0xb);
	apic_timer_write(&timer, APIC_LVT_TIMER, UINT32_MAX, 0);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_LVT_TIMER, 0), 0x700ff);
}
END_TEST

START_TEST(the_current_count_cannot_be_written)
{
	start(1000, 0);
	apic_timer_write(&timer, APIC_CURRENT_COUNT, 5, 100);
	ck_assert_uint_eq(apic_timer_read(&timer, APIC_CURRENT_COUNT, 100), 900);
	ck_assert_uint_eq(apic_timer_expire(&timer, 105), 0);
}
END_TEST

START_TEST(an_initial_count_of_0_stops_it)
{
	start(1000, 0);
	apic_timer_write(&timer, APIC_INITIAL_COUNT, 0, 100);
	ck_assert_uint_eq(timer.deadline_ns, APIC_TIMER_NEVER);
	ck_assert_uint_eq(apic_timer_expire(&timer, 5000), 0);
}
END_TEST

START_TEST(a_new_initial_count_starts_it_over)
{
	start(1000, 0);
	apic_timer_write(&timer, APIC_INITIAL_COUNT, UINT32_MAX, 900);
	ck_assert_uint_eq(apic_timer_expire(&timer, 1000), 0);
	ck_assert_uint_eq(apic_timer_expire(&timer, 900 + 4294967294u), 0);
	ck_assert_uint_eq(apic_timer_expire(&timer, 900ull + 4294967295u), VECTOR);
}
END_TEST

START_TEST(a_masked_timer_runs_out_without_an_interrupt)
{
	start(1000, 0);
	apic_timer_write(&timer, APIC_LVT_TIMER, VECTOR | MASKED, 0);
	ck_assert_uint_eq(apic_timer_expire(&timer, 1000), 0);
	apic_timer_write(&timer, APIC_LVT_TIMER, VECTOR, 1001);
	ck_assert_uint_eq(apic_timer_expire(&timer, 1001), 0);
}
END_TEST

START_TEST(only_vectors_32_to_63_are_raised)
{
	for (uint32_t vector = 0; vector < 256; vector++) {
		start(1, 0);
		apic_timer_write(&timer, APIC_LVT_TIMER, vector, 0);
		ck_assert_uint_eq(apic_timer_expire(&timer, 1),
				  vector >= 32 && vector < 64 ? vector : 0);
	}
}
END_TEST

START_TEST(other_registers_read_as_zero_and_change_nothing)
{
	start(1000, 0);
	for (uint32_t offset = 0; offset < 0x1000; offset += 0x10) {
		if (offset == APIC_LVT_TIMER || offset == APIC_INITIAL_COUNT ||
		    offset == APIC_CURRENT_COUNT || offset == APIC_DIVIDE)
			continue;
		apic_timer_write(&timer, offset, UINT32_MAX, 10);
		ck_assert_uint_eq(apic_timer_read(&timer, offset, 10), 0);
	}
	ck_assert_uint_eq(apic_timer_expire(&timer, 1000), VECTOR);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("apic_timer");
	TCase *registers = tcase_create("registers");

	suite_add_tcase(suite, registers);
	tcase_add_test(registers, after_reset_it_is_masked_and_stopped);
	tcase_add_test(registers, it_counts_down_and_raises_its_vector_once);
	tcase_add_test(registers, the_divisor_is_spread_over_bits_0_1_and_3);
	tcase_add_test(registers, reserved_bits_read_as_zero);
	tcase_add_test(registers, the_current_count_cannot_be_written);
	tcase_add_test(registers, an_initial_count_of_0_stops_it);
	tcase_add_test(registers, a_new_initial_count_starts_it_over);
	tcase_add_test(registers, a_masked_timer_runs_out_without_an_interrupt);
	tcase_add_test(registers, only_vectors_32_to_63_are_raised);
	tcase_add_test(registers, other_registers_read_as_zero_and_change_nothing);
	return tap_run(suite);
}
