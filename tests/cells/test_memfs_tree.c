/* SPDX-License-Identifier: MIT */
/*
 * Paths, folders and listings of the files in memory.
 */
#include <clew/fs.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_machine.h"
#include "memfs_files.h"

START_TEST(a_path_leads_to_what_was_made_there)
{
	OWN(fs_folder, folder) = OWNER_EMPTY;
	struct fs_entry entry = { .name = "" };

	ck_assert_int_eq(fs_folder_new("/a"), 0);
	ck_assert_int_eq(fs_folder_new("a/./b//"), 0);
	files_put("a/b/file", "12345", 5);
	files_check("//a/b/./file", "12345", 5);
	ck_assert_int_eq(fs_look("/", &entry), 0);
	ck_assert(entry.kind == FS_FOLDER && entry.size == 1 && entry.name[0] == 0);
	ck_assert_int_eq(fs_look("a/b", &entry), 0);
	ck_assert(entry.kind == FS_FOLDER && entry.size == 1);
	ck_assert_str_eq(entry.name, "b");
	ck_assert_int_eq(fs_look("a/b/file", &entry), 0);
	ck_assert(entry.kind == FS_FILE && entry.size == 5);
	ck_assert_int_eq(fs_folder_open("a/b", &folder), 0);
	ck_assert_int_eq(fs_folder_next(&folder, "", &entry), 0);
	ck_assert_str_eq(entry.name, "file");
	ck_assert_int_eq(fs_folder_next(&folder, entry.name, &entry), -ENOENT);
	ck_assert_int_eq(fs_remove("a/b/file"), 0);
	ck_assert_int_eq(fs_remove("a/b"), 0);
	ck_assert_int_eq(fs_folder_next(&folder, "", &entry), -ESTALE);
	ck_assert_int_eq(fs_remove("a"), 0);
	files_check_released();
}
END_TEST

START_TEST(what_cannot_be_is_an_error_of_its_own)
{
	OWN(fs_reader, reader) = OWNER_EMPTY;
	OWN(fs_writer, writer) = OWNER_EMPTY;
	OWN(fs_folder, folder) = OWNER_EMPTY;
	char name[FS_NAME_MAX + 1], path[FS_PATH_MAX + 1];
	struct fs_entry entry;

	ck_assert_int_eq(fs_folder_new("d"), 0);
	files_put("f", "x", 1);
	ck_assert_int_eq(fs_reader_open("none", &reader), -ENOENT);
	ck_assert_int_eq(fs_reader_open("none/f", &reader), -ENOENT);
	ck_assert_int_eq(fs_reader_open("f/f", &reader), -ENOTDIR);
	ck_assert_int_eq(fs_reader_open("d", &reader), -EISDIR);
	ck_assert_int_eq(fs_reader_open("/", &reader), -EISDIR);
	ck_assert_int_eq(fs_writer_open("d", FS_KEEP, &writer), -EISDIR);
	ck_assert_int_eq(fs_writer_open("/", FS_KEEP, &writer), -EISDIR);
	ck_assert_int_eq(fs_writer_open("f", FS_NEW, &writer), -EEXIST);
	ck_assert_int_eq(fs_writer_open("none/f", FS_KEEP, &writer), -ENOENT);
	ck_assert_int_eq(fs_writer_open("f/f", FS_KEEP, &writer), -ENOTDIR);
	ck_assert_int_eq(fs_folder_open("f", &folder), -ENOTDIR);
	ck_assert_int_eq(fs_folder_open("none", &folder), -ENOENT);
	ck_assert_int_eq(fs_folder_new("f"), -EEXIST);
	ck_assert_int_eq(fs_folder_new("d"), -EEXIST);
	ck_assert_int_eq(fs_folder_new("/"), -EEXIST);
	ck_assert_int_eq(fs_folder_new("none/d"), -ENOENT);
	ck_assert_int_eq(fs_folder_new("f/d"), -ENOTDIR);
	ck_assert_int_eq(fs_look("none", &entry), -ENOENT);
	ck_assert_int_eq(fs_remove("none"), -ENOENT);
	ck_assert_int_eq(fs_remove("/"), -EBUSY);
	files_put("d/f", "x", 1);
	ck_assert_int_eq(fs_remove("d"), -ENOTEMPTY);
	ck_assert_int_eq(fs_look("d/..", &entry), -EINVAL);
	ck_assert_int_eq(fs_folder_new("../e"), -EINVAL);
	ck_assert_int_eq(fs_look("d/...", &entry), -ENOENT);
	memset(name, 'n', sizeof(name));
	name[FS_NAME_MAX] = 0;
	ck_assert_int_eq(fs_folder_new(name), -ENAMETOOLONG);
	name[FS_NAME_MAX - 1] = 0;
	ck_assert_int_eq(fs_folder_new(name), 0);
	ck_assert_int_eq(fs_remove(name), 0);
	memset(path, '/', sizeof(path));
	memcpy(path + FS_PATH_MAX - 2, "f", 2);
	ck_assert_int_eq(fs_look(path, &entry), 0);
	memcpy(path + FS_PATH_MAX - 1, "f", 2);
	ck_assert_int_eq(fs_look(path, &entry), -ENAMETOOLONG);
	ck_assert(IS_EMPTY(reader) && IS_EMPTY(writer) && IS_EMPTY(folder));
}
END_TEST

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void check_listing(char **names, size_t n)
{
	OWN(fs_folder, folder) = OWNER_EMPTY;
	struct fs_entry entry = { .name = "" };

	qsort(names, n, sizeof(*names), compare_names);
	ck_assert_int_eq(fs_folder_open("d", &folder), 0);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(fs_folder_next(&folder, entry.name, &entry), 0);
		ck_assert_str_eq(entry.name, names[i] + 2);
	}
	ck_assert_int_eq(fs_folder_next(&folder, entry.name, &entry), -ENOENT);
	ck_assert_int_eq(fs_look("d", &entry), 0);
	ck_assert_uint_eq(entry.size, n);
}

START_TEST(a_folder_lists_its_names_in_order_whatever_comes_and_goes)
{
	static char *names[400];
	size_t n = 0;

	ck_assert_int_eq(fs_folder_new("c"), 0);
	ck_assert_int_eq(fs_folder_new("d"), 0);
	ck_assert_int_eq(fs_folder_new("e"), 0);
	files_put("c/zz", "", 0);
	files_put("e/0", "", 0);
	for (int round = 0; round < 4000; round++) {
		if (n < 400 && fake_random(5) < 3) {
			char name[32];

			snprintf(name, sizeof(name), "d/%lx", fake_random(1000) * 7919);
			if (fs_folder_new(name) == 0)
				names[n++] = strdup(name);
		} else if (n > 0) {
			size_t i = fake_random(n);

			ck_assert_int_eq(fs_remove(names[i]), 0);
			free(names[i]);
			names[i] = names[--n];
		}
		if (round % 100 == 0)
			check_listing(names, n);
	}
	check_listing(names, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(fs_remove(names[i]), 0);
	check_listing(names, 0);
	ck_assert_int_eq(fs_remove("c/zz") | fs_remove("e/0"), 0);
	ck_assert_int_eq(fs_remove("c") | fs_remove("d") | fs_remove("e"), 0);
	files_check_released();
}
END_TEST

START_TEST(a_folder_can_be_emptied_while_it_is_listed)
{
	OWN(fs_folder, folder) = OWNER_EMPTY;
	struct fs_entry entry = { .name = "" };
	char name[16];
	int removed = 0;

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "%d", i);
		files_put(name, "x", 1);
	}
	ck_assert_int_eq(fs_folder_open("", &folder), 0);
	while (fs_folder_next(&folder, entry.name, &entry) == 0) {
		ck_assert_int_eq(fs_remove(entry.name), 0);
		removed++;
	}
	ck_assert_int_eq(removed, 50);
	files_check_released();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memfs-tree");
	TCase *tests = tcase_create("memfs-tree");

	tcase_add_checked_fixture(tests, files_start, NULL);
	tcase_add_test(tests, a_path_leads_to_what_was_made_there);
	tcase_add_test(tests, what_cannot_be_is_an_error_of_its_own);
	tcase_add_test(tests, a_folder_lists_its_names_in_order_whatever_comes_and_goes);
	tcase_add_test(tests, a_folder_can_be_emptied_while_it_is_listed);

	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
