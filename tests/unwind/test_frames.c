/* SPDX-License-Identifier: MIT */
/*
 * Frame by frame, src/unwind agrees with libunwind and with libgcc: return
 * address, CFA and the registers that the psABI preserves, from inside
 * functions compiled as cells are to the process's outermost frame.
 *
 * libunwind provides functions of libgcc's names too, so libgcc's are looked
 * up in libgcc_s by hand.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unwind.h>

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "both.h"
#include "module.h"
#include "subjects.h"
#include "tap.h"

#define FRAMES_MAX 256
#define N_REGISTERS 8

struct frame {
	uint64_t registers[N_REGISTERS]; /* rip, rsp, then the preserved ones */
};

struct trace {
	struct frame frames[FRAMES_MAX];
	int count;
};

/* In the order of struct frame: our names and those of the witnesses. */
static const int ours[] = { UNWIND_RIP, UNWIND_RSP, UNWIND_RBX, UNWIND_RBP,
			    UNWIND_R12, UNWIND_R13, UNWIND_R14, UNWIND_R15 };
static const int theirs[] = { UNW_X86_64_RIP, UNW_X86_64_RSP, UNW_X86_64_RBX, UNW_X86_64_RBP,
			      UNW_X86_64_R12, UNW_X86_64_R13, UNW_X86_64_R14, UNW_X86_64_R15 };

static struct {
	__typeof__(_Unwind_Backtrace) *backtrace;
	__typeof__(_Unwind_GetIP) *get_ip;
	__typeof__(_Unwind_GetCFA) *get_cfa;
	__typeof__(_Unwind_GetGR) *get_gr;
} libgcc;

static struct module modules[MODULES_MAX];
static int n_modules;
static struct unwind_stack stack;
static struct trace our_trace, libunwind_trace, libgcc_trace;
static int our_end;
static void (*at_stop)(void);

void unwind_capture(struct unwind_cursor *ret);
_Noreturn void recovery_resume(struct unwind_cursor *cursor);

_Noreturn void recovery_resume(struct unwind_cursor *cursor)
{
	(void)cursor;
	abort(); /* nobody runs a landing pad here */
}

void token_cleanup(token *place)
{
	place->word = 0;
}

void subject_stop(void)
{
	at_stop();
}

static uint64_t lookup_pc(const struct unwind_cursor *cursor)
{
	return cursor->registers[UNWIND_RIP] - (cursor->exact ? 0 : 1);
}

static int trace_ours(struct unwind_cursor cursor, struct trace *trace)
{
	int r;

	trace->count = 0;
	for (;;) {
		const struct unwind_entry *entry =
			modules_find(modules, n_modules, lookup_pc(&cursor));
		struct frame *frame = &trace->frames[trace->count];

		ck_assert_int_lt(trace->count, FRAMES_MAX);
		r = step_both(&cursor, entry, &stack);
		if (r != 0)
			return r;
		for (int i = 0; i < N_REGISTERS; i++)
			frame->registers[i] = cursor.registers[ours[i]];
		ck_assert_uint_eq(cursor.cfa, cursor.registers[UNWIND_RSP]);
		trace->count++;
	}
}

static void trace_libunwind(unw_cursor_t *cursor, struct trace *trace)
{
	trace->count = 0;
	while (unw_step(cursor) > 0) {
		struct frame *frame = &trace->frames[trace->count++];

		ck_assert_int_lt(trace->count, FRAMES_MAX);
		for (int i = 0; i < N_REGISTERS; i++) {
			unw_word_t value;

			ck_assert_int_eq(unw_get_reg(cursor, theirs[i], &value), 0);
			frame->registers[i] = value;
		}
	}
}

static _Unwind_Reason_Code add_libgcc_frame(struct _Unwind_Context *context, void *argument)
{
	struct trace *trace = argument;
	struct frame *frame = &trace->frames[trace->count++];

	ck_assert_int_lt(trace->count, FRAMES_MAX);
	frame->registers[0] = libgcc.get_ip(context);
	frame->registers[1] = libgcc.get_cfa(context);
	for (int i = 2; i < N_REGISTERS; i++)
		frame->registers[i] = libgcc.get_gr(context, ours[i]);
	return _URC_NO_REASON;
}

/* Everything from the caller of at_stop's function on. */
static void trace_all(void)
{
	struct unwind_cursor cursor;
	unw_context_t context;
	unw_cursor_t unw;

	unwind_capture(&cursor);
	our_end = trace_ours(cursor, &our_trace);
	unw_getcontext(&context);
	ck_assert_int_eq(unw_init_local(&unw, &context), 0);
	trace_libunwind(&unw, &libunwind_trace);
	libgcc_trace.count = 0;
	libgcc.backtrace(add_libgcc_frame, &libgcc_trace);
}

/* Where in `trace` the frame `frame` is, by its address. */
static int frame_index(const struct trace *trace, const struct frame *frame)
{
	for (int i = 0; i < trace->count; i++) {
		if (trace->frames[i].registers[0] == frame->registers[0] &&
		    trace->frames[i].registers[1] == frame->registers[1])
			return i;
	}
	return -1;
}

/* From our first frame on, frame by frame, to the last one of ours. */
static void compare(const struct trace *witness, const char *name, int n_at_least)
{
	int from = frame_index(witness, &our_trace.frames[0]);

	ck_assert_msg(from >= 0, "%s does not know our first frame", name);
	ck_assert_int_ge(our_trace.count, n_at_least);
	ck_assert_int_ge(witness->count - from, our_trace.count);
	for (int i = 0; i < our_trace.count; i++) {
		for (int k = 0; k < N_REGISTERS; k++)
			ck_assert_msg(our_trace.frames[i].registers[k] ==
					      witness->frames[from + i].registers[k],
				      "frame %d, register %d: %lx, %s has %lx", i, ours[k],
				      our_trace.frames[i].registers[k], name,
				      witness->frames[from + i].registers[k]);
	}
}

START_TEST(every_shape_of_frame_unwinds_as_libunwind_and_libgcc_do)
{
	at_stop = trace_all;
	subject_shapes(8);
	ck_assert_int_eq(our_end, UNWIND_E_END);
	compare(&libunwind_trace, "libunwind", 12);
	compare(&libgcc_trace, "libgcc", 12);
}
END_TEST

START_TEST(frames_with_cleanups_unwind_as_libunwind_and_libgcc_do)
{
	at_stop = trace_all;
	subject_recursive(100, HOW_CALL);
	ck_assert_int_eq(our_end, UNWIND_E_END);
	compare(&libunwind_trace, "libunwind", 107);
	compare(&libgcc_trace, "libgcc", 107);
}
END_TEST

static void on_signal_inside(int signal)
{
	(void)signal;
	trace_all();
}

static void raise_inside(void)
{
	raise(SIGUSR1);
}

START_TEST(a_signal_frame_unwinds_as_libunwind_and_libgcc_do)
{
	struct sigaction action = { .sa_handler = on_signal_inside };

	sigaction(SIGUSR1, &action, NULL);
	at_stop = raise_inside;
	subject_shapes(8);
	ck_assert_int_eq(our_end, UNWIND_E_END);
	compare(&libunwind_trace, "libunwind", 14);
	compare(&libgcc_trace, "libgcc", 14);
}
END_TEST

static ucontext_t escape; /* where the test goes on after a fault */
static volatile bool escaped;

/* On the alternate stack: ours from the registers, libgcc's through the signal frame. */
static void on_fault(int signal, siginfo_t *info, void *context)
{
	struct unwind_cursor cursor = { .exact = true };
	const greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	cursor.registers[UNWIND_RIP] = (uint64_t)gregs[REG_RIP];
	cursor.registers[UNWIND_RSP] = (uint64_t)gregs[REG_RSP];
	cursor.registers[UNWIND_RBX] = (uint64_t)gregs[REG_RBX];
	cursor.registers[UNWIND_RBP] = (uint64_t)gregs[REG_RBP];
	cursor.registers[UNWIND_R10] = (uint64_t)gregs[REG_R10];
	cursor.registers[UNWIND_R12] = (uint64_t)gregs[REG_R12];
	cursor.registers[UNWIND_R13] = (uint64_t)gregs[REG_R13];
	cursor.registers[UNWIND_R14] = (uint64_t)gregs[REG_R14];
	cursor.registers[UNWIND_R15] = (uint64_t)gregs[REG_R15];
	our_end = trace_ours(cursor, &our_trace);
	libgcc_trace.count = 0;
	libgcc.backtrace(add_libgcc_frame, &libgcc_trace);
	escaped = true;
	setcontext(&escape);
}

static void take_faults(void)
{
	static char alternate[1 << 16];
	stack_t alt = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&alt, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
}

static void fault(enum how how)
{
	take_faults();
	escaped = false;
	getcontext(&escape);
	if (!escaped)
		subject_nested(how);
	ck_assert(escaped);
}

static void check_fault(enum how how)
{
	fault(how);
	ck_assert_int_eq(our_end, UNWIND_E_END);
	compare(&libgcc_trace, "libgcc", 7);
}

START_TEST(a_frame_stopped_by_a_null_pointer_unwinds_as_libgcc_does)
{
	check_fault(HOW_NULL);
}
END_TEST

START_TEST(a_frame_stopped_by_a_division_unwinds_as_libgcc_does)
{
	check_fault(HOW_DIVIDE);
}
END_TEST

START_TEST(a_frame_stopped_by_a_non_canonical_address_unwinds_as_libgcc_does)
{
	check_fault(HOW_NON_CANONICAL);
}
END_TEST

/* libgcc cannot pass a function without tables; the shape of the chain is known. */
START_TEST(a_leaf_without_tables_unwinds_to_its_caller)
{
	struct trace without;
	int found = -1;

	fault(HOW_NULL);
	without = our_trace;
	fault(HOW_LEAF);
	ck_assert_int_eq(our_end, UNWIND_E_END);
	ck_assert_int_eq(our_trace.count, without.count + 1);
	for (int i = 1; i < our_trace.count && found < 0; i++) {
		if (our_trace.frames[i].registers[1] == without.frames[0].registers[1])
			found = i;
	}
	ck_assert_int_eq(found, 1);
	for (int i = 0; i < 5; i++)
		ck_assert_mem_eq(our_trace.frames[i + 1].registers, without.frames[i].registers,
				 2 * sizeof(uint64_t));
}
END_TEST

START_TEST(words_outside_the_given_stack_are_not_read)
{
	struct unwind_cursor cursor, before;
	const struct unwind_entry *entry;
	struct unwind_stack small;

	unwind_capture(&cursor);
	before = cursor;
	entry = modules_find(modules, n_modules, lookup_pc(&cursor));
	ck_assert_ptr_nonnull(entry);
	small = (struct unwind_stack){ .low = cursor.registers[UNWIND_RSP],
				       .high = cursor.registers[UNWIND_RSP] + 8 };
	ck_assert_int_eq(step_both(&cursor, entry, &small), UNWIND_E_TRUNCATED);
	ck_assert_mem_eq(&cursor, &before, sizeof(cursor));
	ck_assert_int_eq(step_both(&cursor, entry, &stack), 0);
}
END_TEST

START_TEST(a_cfa_that_does_not_grow_ends_the_walk)
{
	struct unwind_cursor cursor, before;
	const struct unwind_entry *entry;

	unwind_capture(&cursor);
	cursor.cfa = stack.high;
	before = cursor;
	entry = modules_find(modules, n_modules, lookup_pc(&cursor));
	ck_assert_int_eq(step_both(&cursor, entry, &stack), UNWIND_E_TRUNCATED);
	ck_assert_int_eq(step_both(&cursor, NULL, &stack), UNWIND_E_TRUNCATED);
	ck_assert_mem_eq(&cursor, &before, sizeof(cursor));
}
END_TEST

static void *libgcc_function(const char *name)
{
	void *handle = dlopen("libgcc_s.so.1", RTLD_NOW);
	void *function = handle ? dlsym(handle, name) : NULL;
	Dl_info info;

	if (!function || !dladdr(function, &info) || !strstr(info.dli_fname, "libgcc_s")) {
		printf("Bail out! %s is not in libgcc_s\n", name);
		exit(99);
	}
	return function;
}

static void find_libgcc(void)
{
	*(void **)&libgcc.backtrace = libgcc_function("_Unwind_Backtrace");
	*(void **)&libgcc.get_ip = libgcc_function("_Unwind_GetIP");
	*(void **)&libgcc.get_cfa = libgcc_function("_Unwind_GetCFA");
	*(void **)&libgcc.get_gr = libgcc_function("_Unwind_GetGR");
}

/* The main thread's stack, from /proc/self/maps. */
static struct unwind_stack stack_of_process(void)
{
	struct unwind_stack found = { 0 };
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (strstr(line, "[stack]"))
			sscanf(line, "%lx-%lx", &found.low, &found.high);
	}
	if (maps)
		fclose(maps);
	found.low = (uintptr_t)__builtin_frame_address(0) - (1 << 20);
	return found;
}

int main(void)
{
	Suite *suite = suite_create("frames");
	TCase *frames = tcase_create("frames");

	find_libgcc();
	n_modules = modules_load(modules);
	stack = stack_of_process();
	tcase_add_test(frames, every_shape_of_frame_unwinds_as_libunwind_and_libgcc_do);
	tcase_add_test(frames, frames_with_cleanups_unwind_as_libunwind_and_libgcc_do);
	tcase_add_test(frames, a_signal_frame_unwinds_as_libunwind_and_libgcc_do);
	tcase_add_test(frames, a_frame_stopped_by_a_null_pointer_unwinds_as_libgcc_does);
	tcase_add_test(frames, a_frame_stopped_by_a_division_unwinds_as_libgcc_does);
	tcase_add_test(frames, a_frame_stopped_by_a_non_canonical_address_unwinds_as_libgcc_does);
	tcase_add_test(frames, a_leaf_without_tables_unwinds_to_its_caller);
	tcase_add_test(frames, words_outside_the_given_stack_are_not_read);
	tcase_add_test(frames, a_cfa_that_does_not_grow_ends_the_walk);
	suite_add_tcase(suite, frames);
	return tap_run(suite);
}
