/* SPDX-License-Identifier: MIT */
/*
 * The pc machine alone, where it is a machine of its own kind: ring 0, its own
 * page tables, what it keeps from the system and how it dies.
 *
 * Vector 17, alignment check, is raised in ring 3 only (SDM vol. 3, 6.15): no
 * guest can show its gate at work.
 */
#include <stdlib.h>
#include <string.h>

#include "exceptions.h"
#include "program.h"

static struct program_result result;

static void run(const char *scenario, const char *a, const char *b)
{
	const char *arguments[] = { "boot", "--cells", getenv("CLEW_GUEST"), "-c", scenario, a,
				    b,	    NULL };

	program_run(arguments, NULL, &result);
}

static void expect(int status, const char *out, const char *err)
{
	if (result.status != status || !strstr(result.out, out) || !strstr(result.err, err))
		ck_abort_msg("expected status %d, `%s` and `%s`, found %d: %s%s", status, out, err,
			     result.status, result.out, result.err);
}

#define PASSES(name, scenario) \
	START_TEST(name) \
	{ \
		run(scenario, NULL, NULL); \
		expect(0, "passed\n", ""); \
	} \
	END_TEST

PASSES(ring_0_obeys_the_permissions_of_pages, "ring_0")
PASSES(nothing_is_mapped_but_the_window_and_the_machines_alias, "nothing_else")
PASSES(the_machines_text_and_tables_cannot_be_written, "own_pages")
PASSES(the_machines_pages_are_not_given_away, "refusals")
PASSES(large_pages_are_split_and_their_neighbours_stay, "large")
PASSES(the_spurious_vector_is_passed_over, "spurious")
PASSES(an_interrupt_in_a_gate_leaves_the_return_address_on_top, "interrupted")
PASSES(a_wait_ends_with_one_interrupt_of_its_caller, "waits")
PASSES(a_gate_on_a_full_stack_is_a_fault_of_the_caller, "full_stack")
PASSES(a_handler_begins_with_control_words_of_its_own, "control_words")
PASSES(instructions_that_pose_as_traps_are_faults, "instructions")
PASSES(ports_of_every_width_are_read_and_written, "ports")

START_TEST(a_patch_of_the_machine_itself_ends_it)
{
	run("patch_machine", NULL, NULL);
	expect(4, "", "machine_patch: expected a range in the window");
	run("patch_across", NULL, NULL);
	expect(4, "", "machine_patch_fill: expected a range in the window");
	run("unmap_machine", NULL, NULL);
	expect(4, "", "machine_unmap: expected pages of the window");
}
END_TEST

START_TEST(a_fault_of_the_machine_itself_ends_it)
{
	run("bad_source", NULL, NULL);
	expect(4, "", "a fault of the machine itself: page fault");
	run("bad_frame", NULL, NULL);
	expect(4, "", "a fault of the machine itself: page fault");
}
END_TEST

START_TEST(a_double_fault_is_reported_and_never_unwound)
{
	run("double_fault", NULL, NULL);
	expect(4, "", "double fault (vector 8");
	ck_assert_str_eq(result.out, "");
}
END_TEST

START_TEST(a_fault_without_a_stack_is_taken_on_the_machines_own)
{
	run("no_stack", NULL, NULL);
	expect(0, "handled: vector 14\n", "");
}
END_TEST

START_TEST(memory_above_4_gib_is_the_systems_too)
{
	run("regions", NULL, NULL);
	expect(0, " 0 above 4 GiB\npassed\n", "");
	run("regions", "--memory", "5G");
	expect(0, "passed\n", "");
	ck_assert_msg(!strstr(result.out, " 0 above"), "found %s", result.out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pc");
	TCase *pc = tcase_create("pc");

	tcase_set_timeout(pc, 60);
	suite_add_tcase(suite, pc);
	exceptions_add(pc, ring_0_obeys_the_permissions_of_pages);
	exceptions_add(pc, nothing_is_mapped_but_the_window_and_the_machines_alias);
	exceptions_add(pc, the_machines_text_and_tables_cannot_be_written);
	exceptions_add(pc, the_machines_pages_are_not_given_away);
	exceptions_add(pc, large_pages_are_split_and_their_neighbours_stay);
	exceptions_add(pc, the_spurious_vector_is_passed_over);
	exceptions_add(pc, an_interrupt_in_a_gate_leaves_the_return_address_on_top);
	exceptions_add(pc, a_wait_ends_with_one_interrupt_of_its_caller);
	exceptions_add(pc, a_gate_on_a_full_stack_is_a_fault_of_the_caller);
	exceptions_add(pc, a_handler_begins_with_control_words_of_its_own);
	exceptions_add(pc, instructions_that_pose_as_traps_are_faults);
	exceptions_add(pc, ports_of_every_width_are_read_and_written);
	exceptions_add(pc, a_fault_of_the_machine_itself_ends_it);
	exceptions_add(pc, a_patch_of_the_machine_itself_ends_it);
	exceptions_add(pc, a_double_fault_is_reported_and_never_unwound);
	exceptions_add(pc, a_fault_without_a_stack_is_taken_on_the_machines_own);
	exceptions_add(pc, memory_above_4_gib_is_the_systems_too);
	return exceptions_tap_run(suite);
}
