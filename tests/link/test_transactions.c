/* SPDX-License-Identifier: MIT */
/*
 * All or nothing: whichever allocation fails while cells are loaded or a
 * version is prepared, everything is as before.  The cells linker and
 * namespace, compiled for the host; what they load is linked and not run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clew/errors.h>
#include <clew/linker.h>
#include <clew/namespace.h>

#include "link/record.h"
#include "system.h"
#include "tap.h"

static const char *archive_path, *manifest_path, *bad_folder;

static void start(void)
{
	system_start(archive_path);
}

static void load(const namespace_ref *ns, const char *name)
{
	struct diag diag = { .offset = 0 };
	int r = linker_load(ns, name, &diag);

	ck_assert_msg(r == 0, "%s: %d %s: %s %s %s", name, r, diag.cell, diag.what, diag.symbol,
		      diag.found);
}

static void unload(const namespace_ref *ns, const char *name)
{
	struct diag diag;

	ck_assert_msg(linker_unload(ns, name, &diag) == 0, "%s: %s", name, diag.what);
}

static void expect_as_before(const char *before, unsigned long k)
{
	char *after = system_dump();

	if (strcmp(before, after) != 0) {
		size_t at = 0;

		while (before[at] == after[at])
			at++;
		while (at > 0 && before[at - 1] != '\n')
			at--;
		ck_abort_msg("allocation %lu: before %.60s after %.60s", k, before + at,
			     after + at);
	}
	free(after);
}

/* ---- what fails, at every k ----------------------------------------------------- */

typedef int attempt_function(struct diag *reterr);

static int load_hammer(struct diag *reterr)
{
	return linker_load(namespace_root(), "hammer", reterr);
}

static int load_everything(struct diag *reterr)
{
	return linker_load(namespace_root(), "captain", reterr);
}

static int prepare(const char *cell, const char *file, bool admit, struct diag *reterr)
{
	OWN(linker_successor, next) = OWNER_EMPTY;
	const void *bytes;
	size_t size;
	int r;

	ck_assert_int_eq(linker_archive_find(file, &bytes, &size), 0);
	r = linker_prepare(namespace_root(), cell, file, bytes, size, &next, reterr);
	if (r == 0 && admit)
		r = linker_admit(&next, reterr);
	return r;
}

static int prepare_greeter(struct diag *reterr)
{
	return prepare("greeter", "greeter_v2.o", false, reterr);
}

static int prepare_pointers(struct diag *reterr)
{
	return prepare("pointers", "pointers_v2.o", false, reterr);
}

static int admit_pointers(struct diag *reterr)
{
	return prepare("pointers", "pointers_v2.o", true, reterr);
}

static int take_address(struct diag *reterr)
{
	uintptr_t address;
	int r = linker_symbol(namespace_root(), "greeter_version", &address);

	snprintf(reterr->what, sizeof(reterr->what), "out of memory");
	return r;
}

/* Returns how many allocations the attempt makes when none of them fails. */
static unsigned long fail_each(attempt_function *attempt, unsigned long stride)
{
	struct diag diag = { .offset = 0 };
	char *before = system_dump();
	unsigned long k;
	int r = -ENOMEM;

	for (k = 1; r < 0; k += stride) {
		memset(&diag, 0, sizeof(diag));
		system_fail_allocation(k);
		r = attempt(&diag);
		if (r == 0 && system_allocations() < k)
			break;
		system_fail_allocation(0);
		ck_assert_msg(r == -ENOMEM, "allocation %lu: %d", k, r);
		ck_assert_str_eq(diag.what, "out of memory");
		expect_as_before(before, k);
	}
	k = system_allocations();
	system_fail_allocation(0);
	free(before);
	return k;
}

START_TEST(a_load_with_dependencies_fails_as_if_it_had_not_been_tried)
{
	load(namespace_root(), "captain");
	ck_assert_uint_gt(fail_each(load_hammer, 1), 20);
}
END_TEST

START_TEST(a_failed_load_takes_back_the_entries_that_it_gave_loaded_cells)
{
	load(namespace_root(), "captain");
	load(namespace_root(), "greeter");
	load(namespace_root(), "counter");
	ck_assert_uint_gt(fail_each(load_hammer, 1), 8);
}
END_TEST

START_TEST(a_load_of_all_cells_fails_as_if_it_had_not_been_tried)
{
	ck_assert_uint_gt(fail_each(load_everything, 7), 300);
}
END_TEST

START_TEST(a_prepared_version_that_fails_was_never_there)
{
	load(namespace_root(), "captain");
	load(namespace_root(), "hammer");
	ck_assert_uint_gt(fail_each(prepare_greeter, 1), 5);
}
END_TEST

START_TEST(a_prepared_version_with_state_and_tables_that_fails_was_never_there)
{
	load(namespace_root(), "captain");
	load(namespace_root(), "pointers.o");
	load(namespace_root(), "pointers_user.o");
	ck_assert_uint_gt(fail_each(prepare_pointers, 1), 5);
	ck_assert_uint_gt(fail_each(admit_pointers, 1), 5);
}
END_TEST

START_TEST(an_address_that_cannot_be_given_leaves_no_entry)
{
	load(namespace_root(), "captain");
	load(namespace_root(), "greeter");
	ck_assert_uint_eq(fail_each(take_address, 1), 2);
}
END_TEST

/* ---- what succeeds and is taken back -------------------------------------------------- */

START_TEST(a_prepared_version_that_is_dropped_was_never_there)
{
	struct diag diag;
	char *before;

	load(namespace_root(), "captain");
	load(namespace_root(), "pointers.o");
	before = system_dump();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(prepare_pointers(&diag), 0);
		expect_as_before(before, 0);
	}
	free(before);
}
END_TEST

START_TEST(what_is_loaded_and_unloaded_leaves_nothing)
{
	char *before = NULL;

	load(namespace_root(), "captain");
	/* The first round makes room in the namespace's table, which stays. */
	for (int round = 0; round < 3; round++) {
		OWN(namespace_ref, child) = OWNER_EMPTY;

		if (round == 1)
			before = system_dump();
		ck_assert_int_eq(namespace_new(namespace_root(), "child", &child), 0);
		load(&child, "hammer");
		load(namespace_root(), "pointers.o");
		load(namespace_root(), "pointers_user.o");
		unload(&child, "hammer");
		unload(namespace_root(), "counter");
		unload(namespace_root(), "greeter");
		unload(namespace_root(), "pointers_user");
		unload(namespace_root(), "pointers");
	}
	expect_as_before(before, 0);
	free(before);
}
END_TEST

static int refuse_file(const char *file)
{
	struct diag diag = { .offset = 0 };
	char *before = system_dump();
	int r = linker_load(namespace_root(), file, &diag);

	ck_assert_msg(r < 0, "%s was loaded", file);
	ck_assert_str_ne(diag.what, "");
	expect_as_before(before, 0);
	free(before);
	return r;
}

START_TEST(a_refused_object_leaves_nothing)
{
	load(namespace_root(), "captain");
	ck_assert_int_eq(refuse_file("mistaken.o"), -ENOEXEC);
	ck_assert_int_eq(refuse_file("foreign_small.o"), -ENOEXEC);
	ck_assert_int_eq(refuse_file("foreign_pie.o"), -ENOEXEC);
	ck_assert_int_eq(refuse_file("circle_first.o"), -ENOEXEC);
	ck_assert_int_eq(refuse_file("captain"), -EALREADY);
	ck_assert_int_eq(refuse_file("no_such_cell"), -ENOENT);
}
END_TEST

/* The manifest's columns: file, stage, what, section, symbol; - is any. */
static void refuse_bad_object(const char *before, char *line)
{
	const char *file = strtok(line, "\t"), *stage = strtok(NULL, "\t");
	const char *what = strtok(NULL, "\t"), *section = strtok(NULL, "\t");
	const char *symbol = strtok(NULL, "\t");
	struct diag diag = { .offset = 0 };
	char path[4096];
	size_t size;
	void *bytes;
	int r;

	ck_assert_ptr_nonnull(symbol);
	snprintf(path, sizeof(path), "%s/%s", bad_folder, file);
	bytes = system_read(path, &size);
	r = linker_load_object(namespace_root(), file, bytes, size, NULL, &diag);
	ck_assert_msg(r < 0, "%s was loaded", file);
	ck_assert_msg(diag.what[0] && (what[0] == '-' || strstr(diag.what, what)), "%s: %s, not %s",
		      file, diag.what, what);
	if (strcmp(stage, "link") == 0) {
		ck_assert_msg(section[0] == '-' || strcmp(section, diag.section) == 0,
			      "%s: section %s, not %s", file, diag.section, section);
		ck_assert_msg(symbol[0] == '-' || strcmp(symbol, diag.symbol) == 0,
			      "%s: symbol %s, not %s", file, diag.symbol, symbol);
	}
	free(bytes);
	expect_as_before(before, 0);
}

START_TEST(each_bad_object_is_refused_in_the_words_of_its_manifest_and_leaves_nothing)
{
	FILE *manifest = fopen(manifest_path, "r");
	unsigned int count = 0;
	char line[1024], *before;

	load(namespace_root(), "captain");
	before = system_dump();
	ck_assert_ptr_nonnull(manifest);
	while (fgets(line, sizeof(line), manifest)) {
		refuse_bad_object(before, line);
		count++;
	}
	fclose(manifest);
	free(before);
	ck_assert_uint_ge(count, 100);
}
END_TEST

START_TEST(successors_of_another_cell_layout_or_kind_are_refused)
{
	static const struct {
		const char *cell, *file, *what;
		int r;
	} refused[] = {
		{ "greeter", "counter_v2.o", "the object is another cell", -EPERM },
		{ "counter", "counter_v3_layout.o", "layout of the state differs", -EPERM },
		{ "greeter", "foreign.o", "a foreign object cannot replace a cell", -EPERM },
		{ "foreign", "foreign.o", "a foreign object cannot replace a cell", -EPERM },
		{ "machine", "greeter_v2.o", "a foreign object cannot replace a cell", -EPERM },
		{ "nobody", "greeter_v2.o", "cell is not loaded", -ENOENT },
	};
	struct diag diag;
	char *before;

	load(namespace_root(), "captain");
	load(namespace_root(), "hammer");
	load(namespace_root(), "foreign.o");
	before = system_dump();
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		ck_assert_int_eq(prepare(refused[i].cell, refused[i].file, false, &diag),
				 refused[i].r);
		ck_assert_str_eq(diag.what, refused[i].what);
		expect_as_before(before, i);
	}
	free(before);
}
END_TEST

START_TEST(what_is_not_there_or_in_use_or_no_cell_is_not_unloaded)
{
	struct diag diag;

	load(namespace_root(), "captain");
	ck_assert_int_eq(linker_unload(namespace_root(), "nobody", &diag), -ENOENT);
	ck_assert_int_eq(linker_unload(namespace_root(), "task", &diag), -EBUSY);
	ck_assert_str_eq(diag.what, "cell is in use");
	ck_assert_int_eq(linker_unload(namespace_root(), "machine", &diag), -EBUSY);
}
END_TEST

START_TEST(a_symbol_that_nobody_provides_has_no_address)
{
	uintptr_t address = 7;

	load(namespace_root(), "captain");
	ck_assert_int_eq(linker_symbol(namespace_root(), "no_such_symbol", &address), -ENOENT);
	ck_assert_uint_eq(address, 7);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("transactions");
	TCase *tests = tcase_create("transactions");

	if (argc != 4)
		return 2;
	archive_path = argv[1];
	manifest_path = argv[2];
	bad_folder = argv[3];
	/* Check gives each test a process, so the cells' state begins afresh. */
	tcase_add_checked_fixture(tests, start, NULL);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, a_load_with_dependencies_fails_as_if_it_had_not_been_tried);
	tcase_add_test(tests, a_failed_load_takes_back_the_entries_that_it_gave_loaded_cells);
	tcase_add_test(tests, a_load_of_all_cells_fails_as_if_it_had_not_been_tried);
	tcase_add_test(tests, a_prepared_version_that_fails_was_never_there);
	tcase_add_test(tests, a_prepared_version_with_state_and_tables_that_fails_was_never_there);
	tcase_add_test(tests, an_address_that_cannot_be_given_leaves_no_entry);
	tcase_add_test(tests, a_prepared_version_that_is_dropped_was_never_there);
	tcase_add_test(tests, what_is_loaded_and_unloaded_leaves_nothing);
	tcase_add_test(tests, a_refused_object_leaves_nothing);
	tcase_add_test(tests,
		       each_bad_object_is_refused_in_the_words_of_its_manifest_and_leaves_nothing);
	tcase_add_test(tests, successors_of_another_cell_layout_or_kind_are_refused);
	tcase_add_test(tests, what_is_not_there_or_in_use_or_no_cell_is_not_unloaded);
	tcase_add_test(tests, a_symbol_that_nobody_provides_has_no_address);
	suite_add_tcase(suite, tests);
	return tap_run(suite);
}
