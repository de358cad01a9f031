/* SPDX-License-Identifier: MIT */
/*
 * Forced unwinding with src/unwind alone, in the way of the recovery cell: the
 * landing pads of functions compiled as cells are run, deepest first, and
 * _Unwind_Resume (src/arch/x86_64/unwind.S) comes back here after each.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "module.h"
#include "subjects.h"
#include "tap.h"

#define RELEASED_MAX 256

static struct module modules[MODULES_MAX];
static int n_modules;
static uint64_t stack_words[1 << 15];
static struct unwind_stack stack;
static ucontext_t test_context, subject_context;

static int released[RELEASED_MAX], n_released, n_pads, n_faults;
static int unwind_end; /* what the last step said, -1: the subject returned */
static uint64_t exception[4];

void unwind_capture(struct unwind_cursor *ret);
_Noreturn void recovery_resume(struct unwind_cursor *cursor);

void token_cleanup(token *place)
{
	if (place->word != 0 && n_released < RELEASED_MAX)
		released[n_released++] = (int)place->word;
	place->word = 0;
}

/* Jumps to a landing pad with the registers of its frame. */
static _Noreturn void run_pad(const struct unwind_cursor *cursor, uint64_t pad)
{
	__asm__ volatile("movq 24(%%rdi), %%rbx\n\t"
			 "movq 48(%%rdi), %%rbp\n\t"
			 "movq 96(%%rdi), %%r12\n\t"
			 "movq 104(%%rdi), %%r13\n\t"
			 "movq 112(%%rdi), %%r14\n\t"
			 "movq 120(%%rdi), %%r15\n\t"
			 "movq 56(%%rdi), %%rsp\n\t"
			 "jmp *%%rcx"
			 :
			 : "D"(cursor), "c"(pad), "a"(exception), "d"(0)
			 : "memory");
	__builtin_unreachable();
}

/* From the cursor's frame to the next landing pad, or back to the test. */
static _Noreturn void unwind_from(struct unwind_cursor *cursor)
{
	for (;;) {
		uint64_t pc = cursor->registers[UNWIND_RIP] - (cursor->exact ? 0 : 1), pad = 0;
		const struct unwind_entry *entry = modules_find(modules, n_modules, pc);

		ck_assert_int_eq(unwind_landing_pad(cursor, entry, &pad), 0);
		if (pad != 0) {
			n_pads++;
			run_pad(cursor, pad);
		}
		unwind_end = entry || cursor->exact ? unwind_step(cursor, entry, &stack)
						    : UNWIND_E_TRUNCATED;
		if (unwind_end != 0)
			setcontext(&test_context);
	}
}

_Noreturn void recovery_resume(struct unwind_cursor *cursor)
{
	unwind_from(cursor);
}

void subject_stop(void)
{
	struct unwind_cursor cursor;

	unwind_capture(&cursor);
	unwind_from(&cursor);
}

/* Leaves the signal first, as a machine leaves trap context. */
static struct unwind_cursor fault_cursor;

static void after_fault(void)
{
	struct unwind_cursor cursor = fault_cursor;

	/* Where control left the code by a call, unwinding begins at the call. */
	if (cursor.registers[UNWIND_RIP] == SUBJECT_NOWHERE) {
		cursor.registers[UNWIND_RIP] = *(uint64_t *)cursor.registers[UNWIND_RSP];
		cursor.registers[UNWIND_RSP] += 8;
		cursor.exact = false;
	}
	unwind_from(&cursor);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	static uint64_t recovery_stack[1 << 13];
	greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	n_faults++;
	fault_cursor = (struct unwind_cursor){ .exact = true };
	fault_cursor.registers[UNWIND_RIP] = (uint64_t)gregs[REG_RIP];
	fault_cursor.registers[UNWIND_RSP] = (uint64_t)gregs[REG_RSP];
	fault_cursor.registers[UNWIND_RBX] = (uint64_t)gregs[REG_RBX];
	fault_cursor.registers[UNWIND_RBP] = (uint64_t)gregs[REG_RBP];
	fault_cursor.registers[UNWIND_R10] = (uint64_t)gregs[REG_R10];
	fault_cursor.registers[UNWIND_R12] = (uint64_t)gregs[REG_R12];
	fault_cursor.registers[UNWIND_R13] = (uint64_t)gregs[REG_R13];
	fault_cursor.registers[UNWIND_R14] = (uint64_t)gregs[REG_R14];
	fault_cursor.registers[UNWIND_R15] = (uint64_t)gregs[REG_R15];
	gregs[REG_RIP] = (greg_t)(uintptr_t)after_fault;
	gregs[REG_RSP] = (greg_t)(uintptr_t)(recovery_stack + (1 << 13) - 1);
}

static void start(void)
{
	static char alternate[1 << 16];
	stack_t alt = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	sigaltstack(&alt, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	n_released = n_pads = n_faults = 0;
	unwind_end = -1;
}

static int (*subject)(enum how how);
static enum how subject_how;

static void call_subject(void)
{
	subject(subject_how);
}

/* Runs the subject on a stack of its own until it returns or is unwound. */
static void run(int (*function)(enum how how), enum how how)
{
	subject = function;
	subject_how = how;
	getcontext(&subject_context);
	subject_context.uc_stack.ss_sp = stack_words;
	subject_context.uc_stack.ss_size = sizeof(stack_words);
	subject_context.uc_link = &test_context;
	makecontext(&subject_context, call_subject, 0);
	swapcontext(&test_context, &subject_context);
}

static void check_released(const int *expected, int count)
{
	ck_assert_int_eq(n_released, count);
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(released[i], expected[i]);
}

static const int all_ten[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 };

static void check_nested(enum how how)
{
	run(subject_nested, how);
	ck_assert_int_gt(unwind_end, 0);
	ck_assert_int_eq(n_pads, 5);
	check_released(all_ten, 10);
}

START_TEST(a_return_releases_what_five_frames_own_in_reverse_order)
{
	run(subject_nested, HOW_RETURN);
	ck_assert_int_eq(unwind_end, -1);
	ck_assert_int_eq(n_pads, 0);
	check_released(all_ten, 10);
}
END_TEST

START_TEST(unwinding_from_a_call_releases_what_a_return_would)
{
	check_nested(HOW_CALL);
	ck_assert_int_eq(n_faults, 0);
}
END_TEST

START_TEST(a_null_pointer_releases_what_a_return_would)
{
	check_nested(HOW_NULL);
	ck_assert_int_eq(n_faults, 1);
}
END_TEST

START_TEST(a_division_by_zero_releases_what_a_return_would)
{
	check_nested(HOW_DIVIDE);
}
END_TEST

START_TEST(a_fault_in_a_leaf_without_tables_releases_what_a_return_would)
{
	check_nested(HOW_LEAF);
}
END_TEST

START_TEST(a_call_to_nowhere_releases_what_a_return_would)
{
	check_nested(HOW_NOWHERE);
}
END_TEST

START_TEST(a_non_canonical_address_releases_what_a_return_would)
{
	check_nested(HOW_NON_CANONICAL);
}
END_TEST

START_TEST(a_fault_in_a_cleanup_still_releases_the_rest)
{
	static const int expected[] = { 54, 100, 52, 51 };

	run(subject_faulty_cleanup, HOW_NULL);
	ck_assert_int_gt(unwind_end, 0);
	ck_assert_int_eq(n_faults, 2);
	check_released(expected, 4);
}
END_TEST

static int deep(enum how how)
{
	return subject_recursive(100, how);
}

START_TEST(a_hundred_frames_are_released_deepest_first)
{
	run(deep, HOW_NULL);
	ck_assert_int_gt(unwind_end, 0);
	ck_assert_int_eq(n_pads, 106);
	ck_assert_int_eq(n_released, 110);
	ck_assert_mem_eq(released, all_ten, sizeof(all_ten));
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(released[10 + i], i + 1);
}
END_TEST

static int shapes(enum how how)
{
	(void)how;
	return subject_shapes(8);
}

START_TEST(realigned_and_variable_frames_run_their_cleanups)
{
	static const int expected[] = { 60, 61 };

	run(shapes, HOW_CALL);
	ck_assert_int_gt(unwind_end, 0);
	check_released(expected, 2);
}
END_TEST

static int stop_here(enum how how)
{
	struct unwind_cursor cursor;

	(void)how;
	unwind_capture(&cursor);
	ck_assert_uint_gt(cursor.registers[UNWIND_RSP], stack.low);
	ck_assert_uint_lt(cursor.registers[UNWIND_RSP], stack.high);
	return 0;
}

START_TEST(a_capture_is_inside_the_stack_that_runs)
{
	run(stop_here, HOW_RETURN);
	ck_assert_int_eq(unwind_end, -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cleanups");
	TCase *cleanups = tcase_create("cleanups");

	n_modules = modules_load(modules);
	stack = (struct unwind_stack){ (uintptr_t)stack_words,
				       (uintptr_t)stack_words + sizeof(stack_words) };
	tcase_add_checked_fixture(cleanups, start, NULL);
	tcase_add_test(cleanups, a_return_releases_what_five_frames_own_in_reverse_order);
	tcase_add_test(cleanups, unwinding_from_a_call_releases_what_a_return_would);
	tcase_add_test(cleanups, a_null_pointer_releases_what_a_return_would);
	tcase_add_test(cleanups, a_division_by_zero_releases_what_a_return_would);
	tcase_add_test(cleanups, a_fault_in_a_leaf_without_tables_releases_what_a_return_would);
	tcase_add_test(cleanups, a_call_to_nowhere_releases_what_a_return_would);
	tcase_add_test(cleanups, a_non_canonical_address_releases_what_a_return_would);
	tcase_add_test(cleanups, a_fault_in_a_cleanup_still_releases_the_rest);
	tcase_add_test(cleanups, a_hundred_frames_are_released_deepest_first);
	tcase_add_test(cleanups, realigned_and_variable_frames_run_their_cleanups);
	tcase_add_test(cleanups, a_capture_is_inside_the_stack_that_runs);
	suite_add_tcase(suite, cleanups);
	return tap_run(suite);
}
