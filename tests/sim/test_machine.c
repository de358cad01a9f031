/* SPDX-License-Identifier: MIT */
/*
 * A machine alone: a guest in place of nano_core checks from the inside, the
 * exit status and the output are checked here.
 *
 * $CLEW_MACHINE chooses the machine.  Every scenario that ends well runs in
 * both memory modes of the hosted one.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exceptions.h"
#include "program.h"

static struct program_result result;

static const char *launch(void)
{
	return exceptions_is_pc() ? "boot" : "run";
}

/* Runs a scenario with further arguments (up to NULL). */
static void run(const char *scenario, const char *a, const char *b, const char *c)
{
	const char *arguments[] = { launch(), "--cells", getenv("CLEW_GUEST"), "-c", scenario, a, b,
				    c,	      NULL };

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
	if (exceptions_is_pc())
		return;
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
PASSES(regions_are_pages_of_memory_and_apart, "layout")
PASSES(faults_carry_the_vectors_of_the_cpu, "vectors")
PASSES(a_software_interrupt_is_refused_as_the_manual_says, "software_interrupts")
PASSES(an_x87_exception_comes_with_the_next_waiting_instruction, "x87")
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
	run("seeded", "--seed", "7", NULL);
	ck_assert_str_eq(result.out, first.out);
	run("seeded", "--seed", "8", NULL);
	expect_passed();
	ck_assert_str_ne(result.out, first.out);
}
END_TEST

START_TEST(a_seed_gives_the_same_time_and_entropy_on_every_machine)
{
	const char *arguments[] = { "run", "--private", "--cells", getenv("CLEW_GUEST"),
				    "-c",  "seeded",	"--seed",  "7",
				    NULL };
	static struct program_result hosted;

	program_run(arguments, NULL, &hosted);
	run("seeded", "--seed", "7", NULL);
	expect_passed();
	ck_assert_str_eq(result.out, hosted.out);
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
	unsigned long memory, regions, least = exceptions_is_pc() ? 7 << 20 : 8 << 20;
	const char *found;

	run("layout", "--memory", "8M", NULL);
	expect_passed();
	found = strstr(result.out, "memory ");
	ck_assert_int_eq(sscanf(found ? found : "", "memory %lu in regions %lu", &memory, &regions),
			 2);
	/* A PC's firmware keeps some of it, and there is a hole below the first MiB. */
	ck_assert_uint_le(memory, 8 << 20);
	ck_assert_uint_ge(memory, least);
	ck_assert_uint_ge(regions, exceptions_is_pc() ? 6 << 20 : memory);
	run("layout", "--memory", "8192K", NULL);
	ck_assert_msg(strstr(result.out, found), "found %s", result.out);
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
	const char *arguments[] = { launch(), "--cells", getenv("CLEW_GUEST"), "-c", "spin", NULL };
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
	const char *arguments[] = { launch(), "--cells", getenv("CLEW_GUEST"), NULL };
	static char text[100001];
	/* QEMU hands its guest a byte at a time. */
	size_t size = exceptions_is_pc() ? 20000 : 100000;

	for (size_t i = 0; i < size; i++)
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
	exceptions_add(machine, a_forbidden_access_faults_with_its_address_and_kind);
	exceptions_add(machine, changing_a_page_leaves_its_neighbours_alone);
	exceptions_add(machine, a_range_outside_the_window_is_refused);
	exceptions_add(machine, a_patch_is_seen_through_an_executable_page);
	exceptions_add(machine, every_second_page_can_be_mapped);
	exceptions_add(machine, neighbours_are_dropped_one_by_one);
	exceptions_add(machine, regions_are_pages_of_memory_and_apart);
	exceptions_add(machine, faults_carry_the_vectors_of_the_cpu);
	exceptions_add(machine, a_software_interrupt_is_refused_as_the_manual_says);
	exceptions_add(machine, an_x87_exception_comes_with_the_next_waiting_instruction);
	exceptions_add(machine, a_jump_to_nowhere_is_the_guests_fault);
	exceptions_add(machine, a_system_call_is_a_trap_and_does_not_reach_the_host);
	exceptions_add(machine, resume_loads_every_register);
	exceptions_add(machine, resume_of_an_impossible_address_faults_for_that_frame);
	exceptions_add(machine, a_stack_overflow_faults_at_the_guard_page);
	exceptions_add(machine, interrupts_are_held_back_until_restore);
	exceptions_add(machine, the_timer_divides_masks_and_stops);
	exceptions_add(machine, an_interrupt_arrives_in_a_loop_without_calls);
	exceptions_add(machine, an_interrupted_loop_keeps_every_register);
	exceptions_add(machine, interrupts_in_the_gates_lose_nothing);
	exceptions_add(machine, idle_waits_for_one_interrupt_and_returns_with_them_off);
	exceptions_add(machine, entropy_differs_without_a_seed);
	exceptions_add(machine, the_16550s_reset_as_their_data_sheet_says);
	exceptions_add(machine, the_16550s_registers_read_back_as_the_data_sheet_says);
	exceptions_add(machine, faults_that_fill_the_trap_stack_end_the_machine);
	exceptions_add(machine, a_trap_handler_that_overflows_its_stack_ends_the_machine);
	exceptions_add(machine, a_fault_before_there_is_a_handler_is_a_failed_boot);
	exceptions_add(machine, a_patch_outside_the_window_ends_the_machine);
	exceptions_add(machine, waiting_for_nothing_ends_the_machine_after_its_output);
	exceptions_add(machine, the_status_of_halt_is_the_exit_status);
	exceptions_add(machine, two_runs_with_a_seed_agree_and_another_seed_does_not);
	exceptions_add(machine, a_seed_gives_the_same_time_and_entropy_on_every_machine);
	exceptions_add(machine, mappings_run_out_as_an_error_and_never_when_dropping);
	exceptions_add(machine, memory_has_the_size_that_was_asked_for);
	exceptions_add(machine, the_trace_is_whole_at_the_end_and_at_a_death);
	exceptions_add(machine, sigterm_ends_the_machine_with_that_signal);
	exceptions_add(machine, piped_input_arrives_whole_and_ends_with_one_ctrl_d);
	return exceptions_tap_run(suite);
}
