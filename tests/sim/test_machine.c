/* SPDX-License-Identifier: MIT */
/*
 * The hosted machine alone: a guest in place of nano_core checks from the
 * inside, the exit status and the output are checked here.
 *
 * Every scenario that ends well runs in both memory modes.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"
#include "tap.h"

static struct program_result result;

/* Runs a scenario with further arguments (up to NULL). */
static void run(const char *scenario, const char *a, const char *b, const char *c)
{
	const char *arguments[] = { "run", "--cells", getenv("CLEW_GUEST"), "-c", scenario, a, b,
				    c,	   NULL };

	program_run(arguments, NULL, &result);
}

static void expect_passed(void)
{
	if (result.status != 0 || !strstr(result.out, "passed\n"))
		ck_abort_msg("status %d, output: %s%s", result.status, result.out, result.err);
}

static void pass_in_both_modes(const char *scenario)
{
	run(scenario, NULL, NULL, NULL);
	expect_passed();
	run(scenario, "--private", NULL, NULL);
	expect_passed();
}

#define PASSES(name, scenario) \
	START_TEST(name) \
	{ \
		pass_in_both_modes(scenario); \
	} \
	END_TEST

PASSES(a_forbidden_access_faults_with_its_address_and_kind, "permissions")
PASSES(changing_a_page_leaves_its_neighbours_alone, "runs")
PASSES(a_range_outside_the_window_is_refused, "invalid")
PASSES(a_patch_is_seen_through_an_executable_page, "patch")
PASSES(every_second_page_can_be_mapped, "mappings")
PASSES(neighbours_are_dropped_one_by_one, "neighbours")
PASSES(regions_cover_memory_once, "layout")
PASSES(faults_carry_the_vectors_of_the_cpu, "vectors")
PASSES(a_jump_to_nowhere_is_the_guests_fault, "nowhere")
PASSES(a_system_call_is_a_trap_and_does_not_reach_the_host, "system_call")
PASSES(resume_loads_every_register, "resume")
PASSES(resume_of_an_impossible_address_faults_for_that_frame, "resume_nowhere")
PASSES(a_stack_overflow_faults_at_the_guard_page, "overflow")
PASSES(interrupts_are_held_back_until_restore, "held_back")
PASSES(the_timer_divides_masks_and_stops, "masked")
PASSES(an_interrupt_arrives_in_a_loop_without_calls, "anywhere")
PASSES(an_interrupted_loop_keeps_every_register, "registers")
PASSES(interrupts_in_the_gates_lose_nothing, "gates")
PASSES(idle_waits_for_one_interrupt_and_returns_with_them_off, "idle")
PASSES(entropy_differs_without_a_seed, "unseeded")
PASSES(the_16550s_reset_as_their_data_sheet_says, "reset_values")
PASSES(the_16550s_registers_read_back_as_the_data_sheet_says, "registers_of_16550")

static void expect_end(int status, const char *report)
{
	ck_assert_int_eq(result.status, status);
	ck_assert_msg(strstr(result.err, report), "expected `%s`, found `%s`", report, result.err);
}

START_TEST(faults_that_fill_the_trap_stack_end_the_machine)
{
	size_t frames = 0;

	run("nested", NULL, NULL, NULL);
	expect_end(4, "the trap stack is full: invalid opcode (vector 6");
	for (const char *at = result.out; (at = strstr(at, "frame\n")); at++)
		frames++;
	/* 16 KiB less the 2 KiB kept free: at least 688, at most 2 KiB a frame. */
	ck_assert_uint_ge(frames, 14 / 2);
	ck_assert_uint_le(frames, 16 * 1024 / 688);
}
END_TEST

START_TEST(a_trap_handler_that_overflows_its_stack_ends_the_machine)
{
	run("overflow_of_trap_stack", NULL, NULL, NULL);
	expect_end(4, "the trap stack is full: page fault (vector 14");
}
END_TEST

START_TEST(a_fault_before_there_is_a_handler_is_a_failed_boot)
{
	run("no_handler", NULL, NULL, NULL);
	expect_end(3, "there is no trap handler yet: invalid opcode (vector 6");
}
END_TEST

START_TEST(a_patch_outside_the_window_ends_the_machine)
{
	run("patch_outside", NULL, NULL, NULL);
	expect_end(4, "machine_patch: expected a range in the window");
}
END_TEST

START_TEST(waiting_for_nothing_ends_the_machine_after_its_output)
{
	run("standstill", NULL, NULL, NULL);
	expect_end(4, "waits for ever");
	ck_assert_str_eq(result.out, "no newline");
	run("standstill", "--seed", "1", NULL);
	expect_end(4, "waits for ever");
}
END_TEST

START_TEST(the_status_of_halt_is_the_exit_status)
{
	run("fail", NULL, NULL, NULL);
	expect_end(1, "log\n");
	ck_assert_str_eq(result.out, "bytes without a line feed are not lost");
}
END_TEST

START_TEST(two_runs_with_a_seed_agree_and_another_seed_does_not)
{
	static struct program_result first;

	run("seeded", "--seed", "7", NULL);
	expect_passed();
	first = result;
	run("seeded", "--seed", "7", "--private");
	ck_assert_str_eq(result.out, first.out);
	run("seeded", "--seed", "8", NULL);
	expect_passed();
	ck_assert_str_ne(result.out, first.out);
}
END_TEST

START_TEST(mappings_run_out_as_an_error_and_never_when_dropping)
{
	/* 256 MiB are 32,768 runs of one page and a gap, twice that with neighbours: more than */
	/* vm.max_map_count is by default. */
	static const char *const scenarios[] = { "mappings", "neighbours" };

	for (size_t i = 0; i < 2; i++) {
		run(scenarios[i], "--memory", "512M", NULL);
		expect_passed();
		ck_assert_msg(strstr(result.out, "-ENOMEM"), "found %s", result.out);
	}
}
END_TEST

START_TEST(memory_has_the_size_that_was_asked_for)
{
	run("layout", "--memory", "8M", NULL);
	expect_passed();
	ck_assert_msg(strstr(result.out, "memory 8388608\n"), "found %s", result.out);
	run("layout", "--memory", "8192K", NULL);
	ck_assert_msg(strstr(result.out, "memory 8388608\n"), "found %s", result.out);
}
END_TEST

/* ---- trace and ends ------------------------------------------------------- */

static off_t size_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	return status.st_size;
}

START_TEST(the_trace_is_whole_at_the_end_and_at_a_death)
{
	char path[] = "/tmp/clew-trace-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	run("trace", "--trace", path, NULL);
	expect_passed();
	ck_assert_int_eq(size_of(path), 20000 * 12);
	run("trace_then_die", "--trace", path, NULL);
	ck_assert_int_eq(size_of(path), 12);
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(sigterm_ends_the_machine_with_that_signal)
{
	const char *arguments[] = { "run", "--cells", getenv("CLEW_GUEST"), "-c", "spin", NULL };
	struct program program;

	program_start(&program, arguments);
	program_expect(&program, "spinning\n");
	kill(program.pid, SIGTERM);
	program_finish(&program, NULL, &result);
	ck_assert_int_eq(result.status, 128 + SIGTERM);
}
END_TEST

START_TEST(piped_input_arrives_whole_and_ends_with_one_ctrl_d)
{
	const char *arguments[] = { "run", "--cells", getenv("CLEW_GUEST"), NULL };
	static char text[100001];

	for (size_t i = 0; i + 1 < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	program_run(arguments, text, &result);
	ck_assert_msg(result.status == 0, "status %d: %s%s", result.status, result.err,
		      result.out_size < 200 ? result.out : "");
	ck_assert_uint_eq(result.out_size, strlen(text) + strlen("end\n"));
	ck_assert_int_eq(memcmp(result.out, text, strlen(text)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("machine");
	TCase *machine = tcase_create("machine");

	tcase_set_timeout(machine, 60);
	suite_add_tcase(suite, machine);
	tcase_add_test(machine, a_forbidden_access_faults_with_its_address_and_kind);
	tcase_add_test(machine, changing_a_page_leaves_its_neighbours_alone);
	tcase_add_test(machine, a_range_outside_the_window_is_refused);
	tcase_add_test(machine, a_patch_is_seen_through_an_executable_page);
	tcase_add_test(machine, every_second_page_can_be_mapped);
	tcase_add_test(machine, neighbours_are_dropped_one_by_one);
	tcase_add_test(machine, regions_cover_memory_once);
	tcase_add_test(machine, faults_carry_the_vectors_of_the_cpu);
	tcase_add_test(machine, a_jump_to_nowhere_is_the_guests_fault);
	tcase_add_test(machine, a_system_call_is_a_trap_and_does_not_reach_the_host);
	tcase_add_test(machine, resume_loads_every_register);
	tcase_add_test(machine, resume_of_an_impossible_address_faults_for_that_frame);
	tcase_add_test(machine, a_stack_overflow_faults_at_the_guard_page);
	tcase_add_test(machine, interrupts_are_held_back_until_restore);
	tcase_add_test(machine, the_timer_divides_masks_and_stops);
	tcase_add_test(machine, an_interrupt_arrives_in_a_loop_without_calls);
	tcase_add_test(machine, an_interrupted_loop_keeps_every_register);
	tcase_add_test(machine, interrupts_in_the_gates_lose_nothing);
	tcase_add_test(machine, idle_waits_for_one_interrupt_and_returns_with_them_off);
	tcase_add_test(machine, entropy_differs_without_a_seed);
	tcase_add_test(machine, the_16550s_reset_as_their_data_sheet_says);
	tcase_add_test(machine, the_16550s_registers_read_back_as_the_data_sheet_says);
	tcase_add_test(machine, faults_that_fill_the_trap_stack_end_the_machine);
	tcase_add_test(machine, a_trap_handler_that_overflows_its_stack_ends_the_machine);
	tcase_add_test(machine, a_fault_before_there_is_a_handler_is_a_failed_boot);
	tcase_add_test(machine, a_patch_outside_the_window_ends_the_machine);
	tcase_add_test(machine, waiting_for_nothing_ends_the_machine_after_its_output);
	tcase_add_test(machine, the_status_of_halt_is_the_exit_status);
	tcase_add_test(machine, two_runs_with_a_seed_agree_and_another_seed_does_not);
	tcase_add_test(machine, mappings_run_out_as_an_error_and_never_when_dropping);
	tcase_add_test(machine, memory_has_the_size_that_was_asked_for);
	tcase_add_test(machine, the_trace_is_whole_at_the_end_and_at_a_death);
	tcase_add_test(machine, sigterm_ends_the_machine_with_that_signal);
	tcase_add_test(machine, piped_input_arrives_whole_and_ends_with_one_ctrl_d);
	return tap_run(suite);
}
