/* SPDX-License-Identifier: MIT */
/*
 * The parts of the cell recovery that need no system: what a fault is called,
 * where unwinding begins, what a call instruction is, and the ring of records.
 */
#include <stdlib.h>
#include <string.h>

#include "cause.h"
#include "fault_log.h"
#include "tap.h"

#define CODE 0x200000400000ul
#define NOWHERE 0x6b6b6b6b6b6bul

struct fault {
	struct trap_frame frame;
	struct fault_site site;
};

static struct fault fault_in_text(uint64_t vector, uint64_t error, uint64_t address)
{
	struct fault fault = { .site = { .in_text = true } };

	fault.frame.rip = CODE;
	fault.frame.vector = vector;
	fault.frame.error = error;
	fault.frame.address = address;
	return fault;
}

static struct fault fault_outside(uint64_t rip)
{
	struct fault fault = fault_in_text(TRAP_PF, TRAP_PF_FETCH, rip);

	fault.frame.rip = rip;
	fault.site.in_text = false;
	return fault;
}

static void check_cause(const struct fault *fault, const char *expected)
{
	char cause[64];

	fault_cause(&fault->frame, &fault->site, cause, sizeof(cause));
	ck_assert_str_eq(cause, expected);
}

START_TEST(a_page_fault_names_the_access_and_the_address)
{
	struct fault fault = fault_in_text(TRAP_PF, 0, 0);

	check_cause(&fault, "page fault: read of 0x0");
	fault = fault_in_text(TRAP_PF, TRAP_PF_PRESENT, 0x1008);
	check_cause(&fault, "page fault: read of 0x1008");
	fault = fault_in_text(TRAP_PF, TRAP_PF_WRITE, 0x123456789000);
	check_cause(&fault, "page fault: write of 0x123456789000");
	fault = fault_in_text(TRAP_PF, TRAP_PF_WRITE | TRAP_PF_PRESENT, 8);
	check_cause(&fault, "page fault: write of 0x8");
	fault = fault_in_text(TRAP_PF, TRAP_PF_FETCH, CODE + 0x1000);
	check_cause(&fault, "page fault: execution of 0x200000401000");
}
END_TEST

START_TEST(a_fault_in_the_guard_is_a_stack_overflow)
{
	struct fault fault = fault_in_text(TRAP_PF, TRAP_PF_WRITE, 0x5000);

	fault.site.stack_overflow = true;
	check_cause(&fault, "stack overflow");
}
END_TEST

START_TEST(other_vectors_have_the_names_of_the_processor_manual)
{
	static const struct {
		uint64_t vector;
		const char *name;
	} names[] = {
		{ TRAP_DE, "divide error" },
		{ TRAP_BP, "breakpoint" },
		{ TRAP_UD, "invalid opcode" },
		{ TRAP_AC, "alignment check" },
		{ TRAP_XM, "SIMD floating-point exception" },
		{ TRAP_SYSCALL, "system call" },
		{ 30, "trap 30" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct fault fault = fault_in_text(names[i].vector, 0, 0);

		check_cause(&fault, names[i].name);
	}
}
END_TEST

START_TEST(every_vector_has_a_cause_that_fits)
{
	for (uint64_t vector = 0; vector < 256; vector++) {
		struct fault fault = fault_in_text(vector, 0, UINT64_MAX);
		char cause[64], whole[256];

		fault_cause(&fault.frame, &fault.site, cause, sizeof(cause));
		fault_cause(&fault.frame, &fault.site, whole, sizeof(whole));
		ck_assert_int_gt(strlen(cause), 0);
		ck_assert_int_eq(strncmp(cause, whole, strlen(cause)), 0);
	}
}
END_TEST

START_TEST(a_return_to_a_non_canonical_address_names_it)
{
	struct fault fault = fault_in_text(TRAP_GP, 0, 0);

	fault.site.at_return = true;
	fault.site.top = 0x8000000000000000;
	check_cause(&fault, "return to 0x8000000000000000");
}
END_TEST

START_TEST(a_fault_in_text_is_unwound_from_its_instruction)
{
	struct fault fault = fault_in_text(TRAP_PF, 0, 0);

	fault.site.after_call = true;
	fault.site.has_below = true;
	fault.site.below = fault.frame.rip;
	ck_assert_int_eq(fault_start(&fault.frame, &fault.site), FAULT_HERE);
}
END_TEST

START_TEST(outside_text_with_a_return_address_on_the_stack_it_was_a_call)
{
	struct fault fault = fault_outside(0);

	fault.site.after_call = true;
	ck_assert_int_eq(fault_start(&fault.frame, &fault.site), FAULT_BAD_CALL);
	check_cause(&fault, "call of 0x0");
	/* A word below the stack pointer may be anything, NULL as well. */
	fault.site.has_below = true;
	fault.site.below = 0;
	ck_assert_int_eq(fault_start(&fault.frame, &fault.site), FAULT_BAD_CALL);
}
END_TEST

START_TEST(outside_text_with_its_address_just_popped_it_was_a_return)
{
	struct fault fault = fault_outside(NOWHERE);

	fault.site.has_below = true;
	fault.site.below = NOWHERE;
	ck_assert_int_eq(fault_start(&fault.frame, &fault.site), FAULT_SMASHED);
	check_cause(&fault, "return to 0x6b6b6b6b6b6b");
}
END_TEST

START_TEST(outside_text_for_no_known_reason_it_was_a_jump)
{
	struct fault fault = fault_outside(NOWHERE);

	ck_assert_int_eq(fault_start(&fault.frame, &fault.site), FAULT_LOST);
	fault.site.below = NOWHERE; /* but it could not be read */
	ck_assert_int_eq(fault_start(&fault.frame, &fault.site), FAULT_LOST);
	check_cause(&fault, "jump to 0x6b6b6b6b6b6b");
}
END_TEST

/* ---- call instructions: Intel SDM vol. 2, CALL, and appendix tables 2-2, 2-3 ---- */

struct instruction {
	uint8_t bytes[8];
	size_t size;
};

static const struct instruction calls[] = {
	{ { 0xe8, 1, 2, 3, 4 }, 5 },		       /* call rel32 */
	{ { 0xff, 0xd0 }, 2 },			       /* call *%rax */
	{ { 0x41, 0xff, 0xd4 }, 3 },		       /* call *%r12 */
	{ { 0xff, 0x13 }, 2 },			       /* call *(%rbx) */
	{ { 0xff, 0x50, 8 }, 3 },		       /* call *8(%rax) */
	{ { 0xff, 0x90, 0, 1, 0, 0 }, 6 },	       /* call *256(%rax) */
	{ { 0xff, 0x15, 1, 2, 3, 4 }, 6 },	       /* call *x(%rip) */
	{ { 0xff, 0x14, 0x24 }, 3 },		       /* call *(%rsp) */
	{ { 0xff, 0x54, 0x24, 8 }, 4 },		       /* call *8(%rsp) */
	{ { 0xff, 0x94, 0x24, 0, 1, 0, 0 }, 7 },       /* call *256(%rsp) */
	{ { 0x41, 0xff, 0x94, 0x24, 0, 1, 0, 0 }, 8 }, /* call *256(%r12) */
	{ { 0xff, 0x14, 0x25, 0, 0x10, 0, 0 }, 7 },    /* call *0x1000 */
	{ { 0xff, 0x14, 0xc5, 0, 0x10, 0, 0 }, 7 },    /* call *0x1000(,%rax,8) */
};

#define N_CALLS (sizeof(calls) / sizeof(calls[0]))

START_TEST(every_form_of_call_is_one)
{
	const struct instruction *call = &calls[_i];

	ck_assert(ends_in_call(call->bytes, call->bytes + call->size));
}
END_TEST

static const struct instruction others[] = {
	{ { 0xff, 0xe0 }, 2 },		   /* jmp *%rax */
	{ { 0xff, 0x25, 1, 2, 3, 4 }, 6 }, /* jmp *x(%rip) */
	{ { 0xe9, 1, 2, 3, 4 }, 5 },	   /* jmp rel32 */
	{ { 0xff, 0xc0 }, 2 },		   /* inc %eax */
	{ { 0xff, 0x15, 1, 2, 3 }, 5 },	   /* cut off */
	{ { 0xff, 0x50 }, 2 },
	{ { 0xe8, 1, 2, 3 }, 4 },
	{ { 0x90 }, 1 },
	{ { 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90 }, 8 },
};

#define N_OTHERS (sizeof(others) / sizeof(others[0]))

START_TEST(what_is_no_call_is_none)
{
	const struct instruction *other = &others[_i];

	ck_assert(!ends_in_call(other->bytes, other->bytes + other->size));
	ck_assert(!ends_in_call(other->bytes, other->bytes));
}
END_TEST

/* ---- the ring ------------------------------------------------------------------ */

static struct fault_log fault_log;

START_TEST(records_count_up_and_the_oldest_give_way)
{
	const struct fault_record *record;

	ck_assert_ptr_null(fault_log_next(&fault_log, 0));
	for (uint64_t id = 1; id <= FAULT_LOG_MAX; id++)
		ck_assert_uint_eq(fault_log_new(&fault_log, 1)->id, id);
	ck_assert_uint_eq(fault_log_next(&fault_log, 0)->id, 1);
	ck_assert_uint_eq(fault_log_new(&fault_log, 1)->id, FAULT_LOG_MAX + 1);
	record = fault_log_next(&fault_log, 0);
	for (uint64_t id = 2; id <= FAULT_LOG_MAX + 1; id++) {
		ck_assert_uint_eq(record->id, id);
		record = fault_log_next(&fault_log, id);
	}
	ck_assert_ptr_null(record);
}
END_TEST

START_TEST(a_record_is_found_until_it_gives_way_and_a_new_one_is_empty)
{
	struct fault_record *first = fault_log_new(&fault_log, 1);

	first->cleanups = 5;
	ck_assert_ptr_eq(fault_log_find(&fault_log, 1), first);
	ck_assert_ptr_null(fault_log_find(&fault_log, 0));
	ck_assert_ptr_null(fault_log_find(&fault_log, 2));
	for (int i = 0; i < FAULT_LOG_MAX; i++)
		ck_assert_uint_eq(fault_log_new(&fault_log, 1)->cleanups, 0);
	ck_assert_ptr_null(fault_log_find(&fault_log, 1));
	ck_assert_ptr_nonnull(fault_log_find(&fault_log, FAULT_LOG_MAX + 1));
}
END_TEST

static void start(void)
{
	memset(&fault_log, 0, sizeof(fault_log));
}

static Suite *make_suite(void)
{
	Suite *suite = suite_create("faults");
	TCase *faults = tcase_create("faults");

	tcase_add_checked_fixture(faults, start, NULL);
	tcase_add_test(faults, a_page_fault_names_the_access_and_the_address);
	tcase_add_test(faults, a_fault_in_the_guard_is_a_stack_overflow);
	tcase_add_test(faults, other_vectors_have_the_names_of_the_processor_manual);
	tcase_add_test(faults, every_vector_has_a_cause_that_fits);
	tcase_add_test(faults, a_return_to_a_non_canonical_address_names_it);
	tcase_add_test(faults, a_fault_in_text_is_unwound_from_its_instruction);
	tcase_add_test(faults, outside_text_with_a_return_address_on_the_stack_it_was_a_call);
	tcase_add_test(faults, outside_text_with_its_address_just_popped_it_was_a_return);
	tcase_add_test(faults, outside_text_for_no_known_reason_it_was_a_jump);
	tcase_add_loop_test(faults, every_form_of_call_is_one, 0, N_CALLS);
	tcase_add_loop_test(faults, what_is_no_call_is_none, 0, N_OTHERS);
	tcase_add_test(faults, records_count_up_and_the_oldest_give_way);
	tcase_add_test(faults, a_record_is_found_until_it_gives_way_and_a_new_one_is_empty);
	suite_add_tcase(suite, faults);
	return suite;
}

int main(void)
{
	return tap_run(make_suite());
}
