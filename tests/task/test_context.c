/* SPDX-License-Identifier: MIT */
/*
 * The switch itself, without tasks: what it preserves, and that an unwinder
 * which is not the project's walks out of it to the outermost frame.
 */
#include "arch/x86_64/context.h"

#include <unwind.h>
#include <xmmintrin.h>

#include "machine.h"

static void *here, *there;
static uint8_t stack[65536] __attribute__((aligned(16)));
static uintptr_t stack_high(void)
{
	return (uintptr_t)stack + sizeof(stack);
}

static int turns;

static _Noreturn void count_turns(void *argument)
{
	int *count = argument;

	for (;;) {
		++*count;
		context_switch(&there, here);
	}
}

START_TEST(each_switch_continues_where_the_other_left_off)
{
	there = context_new(stack_high(), count_turns, &turns);
	for (int i = 1; i <= 1000; i++) {
		context_switch(&here, there);
		ck_assert_int_eq(turns, i);
	}
}
END_TEST

static uintptr_t entry_sp;

static _Noreturn void look_at_stack(void *argument)
{
	entry_sp = (uintptr_t)__builtin_frame_address(0);
	context_switch(argument, here);
	__builtin_unreachable();
}

START_TEST(a_function_begins_with_the_stack_that_the_psabi_demands)
{
	for (uintptr_t off = 0; off < 32; off += 8) {
		context_switch(&here, context_new(stack_high() - off, look_at_stack, &there));
		/* psABI 3.2.2: rsp + 8 is a multiple of 16 at entry; rbp is pushed there. */
		ck_assert_uint_eq(entry_sp % 16, 0);
		ck_assert_uint_le(entry_sp, stack_high() - off);
		ck_assert_uint_ge(entry_sp, stack_high() - off - 64);
	}
}
END_TEST

/* Fills the preserved registers with a pattern, switches, and says which survived. */
static unsigned int registers_survive(uint64_t seed, void **save, void *to)
{
	uint64_t rbx = seed + 1, r12 = seed + 2, r13 = seed + 3, r14 = seed + 4, r15 = seed + 5;
	uint64_t expected[5] = { rbx, r12, r13, r14, r15 };

	__asm__ volatile(
		"movq %[b], %%rbx; movq %[c], %%r12; movq %[d], %%r13\n\t"
		"movq %[e], %%r14; movq %[f], %%r15\n\t"
		"call context_switch\n\t"
		"movq %%rbx, %[b]; movq %%r12, %[c]; movq %%r13, %[d]\n\t"
		"movq %%r14, %[e]; movq %%r15, %[f]"
		: [b] "+m"(rbx), [c] "+m"(r12), [d] "+m"(r13), [e] "+m"(r14), [f] "+m"(r15),
		  "+D"(save), "+S"(to)
		:
		: "rax", "rcx", "rdx", "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
		  "memory", "cc");
	return (rbx == expected[0]) + (r12 == expected[1]) + (r13 == expected[2]) +
	       (r14 == expected[3]) + (r15 == expected[4]);
}

static unsigned int survived_there;

static _Noreturn void with_registers(void *argument)
{
	for (;;)
		survived_there += registers_survive((uint64_t)argument, &there, here);
}

START_TEST(the_preserved_registers_are_each_sides_own)
{
	there = context_new(stack_high(), with_registers, (void *)0x1000);
	for (int i = 0; i < 10; i++)
		ck_assert_uint_eq(registers_survive(0x2000 + (uint64_t)i * 16, &here, there), 5);
	ck_assert_uint_eq(survived_there, 9 * 5);
}
END_TEST

static int rounding_there[2];
static unsigned int x87_there[2];

static unsigned int x87_control(void)
{
	uint16_t control;

	__asm__ volatile("fnstcw %0" : "=m"(control));
	return control;
}

static void set_x87_control(uint16_t control)
{
	__asm__ volatile("fldcw %0" : : "m"(control));
}

static _Noreturn void with_rounding(void *argument)
{
	(void)argument;
	rounding_there[0] = (int)_MM_GET_ROUNDING_MODE();
	x87_there[0] = x87_control();
	_MM_SET_ROUNDING_MODE(_MM_ROUND_UP);
	set_x87_control(0x027f);
	context_switch(&there, here);
	rounding_there[1] = (int)_MM_GET_ROUNDING_MODE();
	x87_there[1] = x87_control();
	context_switch(&there, here);
	__builtin_unreachable();
}

START_TEST(the_control_words_are_each_sides_own)
{
	_MM_SET_ROUNDING_MODE(_MM_ROUND_DOWN);
	set_x87_control(0x077f);
	there = context_new(stack_high(), with_rounding, NULL);
	context_switch(&here, there);
	ck_assert_int_eq((int)_MM_GET_ROUNDING_MODE(), _MM_ROUND_DOWN);
	ck_assert_uint_eq(x87_control(), 0x077f);
	context_switch(&here, there);
	ck_assert_int_eq((int)_MM_GET_ROUNDING_MODE(), _MM_ROUND_DOWN);
	ck_assert_uint_eq(x87_control(), 0x077f);
	/* psABI 3.4.1: a new flow rounds to nearest, with extended precision. */
	ck_assert_int_eq(rounding_there[0], _MM_ROUND_NEAREST);
	ck_assert_uint_eq(x87_there[0], 0x037f);
	ck_assert_int_eq(rounding_there[1], _MM_ROUND_UP);
	ck_assert_uint_eq(x87_there[1], 0x027f);
	set_x87_control(0x037f);
	_MM_SET_ROUNDING_MODE(_MM_ROUND_NEAREST);
}
END_TEST

/* ---- unwinding --------------------------------------------------------------------- */

static uintptr_t pcs[32];
static int n_pcs;
static int depth_seen;
static _Unwind_Reason_Code end_of_walk;

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *unused)
{
	(void)unused;
	if (n_pcs < 32)
		pcs[n_pcs++] = _Unwind_GetIP(context);
	return _URC_NO_REASON;
}

static __attribute__((noinline)) int deep(int depth)
{
	int r = 0;

	if (depth == 0)
		end_of_walk = _Unwind_Backtrace(note_frame, NULL);
	else
		r = deep(depth - 1) + 1;
	__asm__ volatile("" : "+r"(r)); /* no loop in place of the calls */
	return r;
}

static _Noreturn void walk(void *argument)
{
	depth_seen = deep(*(int *)argument);
	context_switch(&there, here);
	__builtin_unreachable();
}

/* context_start() is the stub's first instruction; the stub has 10 bytes. */
static bool is_start_stub(uintptr_t pc)
{
	return pc > context_start() && pc <= context_start() + 10;
}

START_TEST(a_walk_ends_at_the_stub_that_called_the_function)
{
	int depth = 5;

	context_switch(&here, context_new(stack_high(), walk, &depth));
	ck_assert_int_eq(depth_seen, 5);
	ck_assert_int_eq((int)end_of_walk, (int)_URC_END_OF_STACK);
	/* deep, five times and once more, walk, the stub; libgcc shows the end as 0. */
	ck_assert_int_eq(n_pcs, 9);
	for (int i = 0; i < 7; i++)
		ck_assert(!is_start_stub(pcs[i]));
	ck_assert(is_start_stub(pcs[7]));
	ck_assert_uint_eq(pcs[8], 0);
}
END_TEST

static _Noreturn void abandon(void *argument)
{
	context_abandon(stack_high(), look_at_stack, argument);
}

START_TEST(an_abandoned_stack_is_empty_again)
{
	context_switch(&here, context_new(stack_high() - 4096, abandon, &there));
	ck_assert_uint_eq(entry_sp % 16, 0);
	ck_assert_uint_ge(entry_sp, stack_high() - 64);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("context");
	TCase *tcase = tcase_create("context");

	tcase_add_test(tcase, each_switch_continues_where_the_other_left_off);
	tcase_add_test(tcase, a_function_begins_with_the_stack_that_the_psabi_demands);
	tcase_add_test(tcase, the_preserved_registers_are_each_sides_own);
	tcase_add_test(tcase, the_control_words_are_each_sides_own);
	tcase_add_test(tcase, a_walk_ends_at_the_stub_that_called_the_function);
	tcase_add_test(tcase, an_abandoned_stack_is_empty_again);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
