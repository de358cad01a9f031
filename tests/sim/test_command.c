/* SPDX-License-Identifier: MIT */
/*
 * The command line: what is asked wrongly is said, with status 2 or 3.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"
#include "tap.h"

static struct program_result result;

static void run(const char *a, const char *b, const char *c, const char *d)
{
	const char *arguments[] = { a, b, c, d, NULL };

	program_run(arguments, NULL, &result);
}

static void expect(int status, const char *out, const char *err)
{
	ck_assert_msg(result.status == status, "expected status %d, found %d: %s", status,
		      result.status, result.err);
	ck_assert_msg(strstr(result.out, out), "expected `%s`, found `%s`", out, result.out);
	ck_assert_msg(strstr(result.err, err), "expected `%s`, found `%s`", err, result.err);
}

START_TEST(help_and_version_are_no_errors)
{
	run("--help", NULL, NULL, NULL);
	expect(0, "clew run", "");
	run("--version", NULL, NULL, NULL);
	expect(0, "clew 0.", "");
	run("run", "--help", NULL, NULL);
	expect(0, "--memory", "");
	run("ctl", "--help", NULL, NULL);
	expect(0, "--socket", "");
}
END_TEST

START_TEST(wrong_usage_has_status_2_and_says_what_was_found)
{
	run(NULL, NULL, NULL, NULL);
	expect(2, "", "Usage");
	run("walk", NULL, NULL, NULL);
	expect(2, "", "found walk");
	run("run", "--nothing", NULL, NULL);
	expect(2, "", "--nothing");
	run("run", "a", "b", NULL);
	expect(2, "", "found b");
	run("run", "-c", "a", "b");
	expect(2, "", "found both");
	run("run", "--seed", "x", NULL);
	expect(2, "", "x");
	run("ctl", "help", NULL, NULL);
	expect(2, "", "found no --socket");
	run("ctl", "--socket", "/tmp/s", NULL);
	expect(2, "", "found no command");
	run("ctl", "--socket=/tmp/s", "swap", "greeter");
	expect(2, "", "found swap");
}
END_TEST

/* 8 MiB and 64 GiB are the limits; a page is 4 KiB. */
START_TEST(memory_sizes_outside_the_limits_are_refused)
{
	static const char *const bad[] = { "",
					   "M",
					   "x",
					   "8388607",
					   "7M",
					   "8Mx",
					   "8388609",
					   "65G",
					   "68719476737",
					   "-8M",
					   "8 M",
					   "18446744073709551616",
					   "17179869184G" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		run("run", "--memory", bad[i], NULL);
		expect(2, "", "--memory: expected 8M to 64G");
	}
}
END_TEST

START_TEST(what_cannot_boot_has_status_3)
{
	char file[] = "/tmp/clew-empty-XXXXXX";
	int fd = mkstemp(file);

	run("run", "--cells", "/nonexistent", NULL);
	expect(3, "", "/nonexistent");
	run("run", "--cells", file, NULL);
	expect(3, "", file);
	run("run", "--cells", "/dev", NULL);
	expect(3, "", "expected objects (*.o), found none");
	run("run", "/nonexistent", NULL, NULL);
	expect(3, "", "/nonexistent");
	close(fd);
	unlink(file);
}
END_TEST

START_TEST(a_nano_core_that_is_no_object_is_refused)
{
	char folder[] = "/tmp/clew-cells-XXXXXX";
	char file[64];
	FILE *object;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/nano_core.o", folder);
	object = fopen(file, "w");
	fputs("no object", object);
	fclose(object);
	run("run", "--cells", folder, NULL);
	expect(3, "", "nano_core.o");
	unlink(file);
	rmdir(folder);
}
END_TEST

START_TEST(a_script_file_reaches_the_system)
{
	char file[] = "/tmp/clew-script-XXXXXX";
	int fd = mkstemp(file);
	const char *arguments[] = { "run", "--cells", getenv("CLEW_GUEST"), file, NULL };

	ck_assert_int_eq(write(fd, "unseeded", 8), 8);
	program_run(arguments, NULL, &result);
	expect(0, "passed", "");
	close(fd);
	unlink(file);
}
END_TEST

START_TEST(an_archive_and_a_folder_hold_the_same_cells)
{
	const char *arguments[] = { "run", "--cells",  getenv("CLEW_GUEST_ARCHIVE"),
				    "-c",  "unseeded", NULL };

	program_run(arguments, NULL, &result);
	expect(0, "passed", "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("command");
	TCase *command = tcase_create("command");

	tcase_set_timeout(command, 60);
	suite_add_tcase(suite, command);
	tcase_add_test(command, help_and_version_are_no_errors);
	tcase_add_test(command, wrong_usage_has_status_2_and_says_what_was_found);
	tcase_add_test(command, memory_sizes_outside_the_limits_are_refused);
	tcase_add_test(command, what_cannot_boot_has_status_3);
	tcase_add_test(command, a_nano_core_that_is_no_object_is_refused);
	tcase_add_test(command, a_script_file_reaches_the_system);
	tcase_add_test(command, an_archive_and_a_folder_hold_the_same_cells);
	return tap_run(suite);
}
