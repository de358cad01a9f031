/* SPDX-License-Identifier: MIT */
/*
 * Files that the machine brings along, in archives.
 */
#include <clew/fs.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_machine.h"
#include "memfs_files.h"

static uint8_t two[12000], noise[12000];

START_TEST(files_that_the_machine_brings_are_there_until_they_are_written_to)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	struct fs_entry entry;
	const uint8_t *bytes;

	files_fill(two, sizeof(two), 1);
	files_add_member("", "heap.o", "no file", 7);
	files_add_member("", "files/one", "from cells", 10);
	files_add_member("", "files/deep/two", two, sizeof(two));
	files_add_module("cells");
	files_add_member("", "./one", "from files", 10);
	files_add_member("a/b", "c", "", 0);
	files_add_member("", "one/x", "in a file", 9);
	files_add_module("files");
	files_add_module("script");
	ck_assert_int_eq(fs_init(), 0);
	files_check("one", "from files", 10);
	files_check("deep/two", two, sizeof(two));
	files_check("a/b/c", "", 0);
	ck_assert_int_eq(fs_look("heap.o", &entry), -ENOENT);
	ck_assert_int_eq(fs_look("", &entry), 0);
	ck_assert_uint_eq(entry.size, 3);
	/* In the middle of the second page, which alone is copied. */
	bytes = fake_info()->modules[0].start;
	ck_assert_int_eq(fs_writer_open("deep/two", FS_KEEP, &writer), 0);
	ck_assert_int_eq(fs_writer_seek(&writer, 5000), 0);
	ck_assert_int_eq(fs_writer_write(&writer, "here", 4), 0);
	memcpy(two + 5000, "here", 4);
	files_check("deep/two", two, sizeof(two));
	/* A tar header before each of three members, and the last begins at 1536 + 1024. */
	files_fill(noise, sizeof(two), 1);
	ck_assert_int_eq(memcmp(bytes + 5 * 512, noise, sizeof(two)), 0);
	ck_assert_int_eq(fs_writer_seek(&writer, 20000), 0);
	ck_assert_int_eq(fs_writer_write(&writer, "!", 1), 0);
	ck_assert_int_eq(fs_look("deep/two", &entry), 0);
	ck_assert_uint_eq(entry.size, 20001);
	files_put("deep/two", "", 0);
	ck_assert_int_eq(fs_writer_seek(&writer, 3), 0);
	ck_assert_int_eq(fs_writer_write(&writer, "x", 1), 0);
	files_check("deep/two", "\0\0\0x", 4);
}
END_TEST

START_TEST(a_damaged_archive_gives_what_comes_before_the_damage)
{
	files_add_member("", "one", "1", 1);
	files_add_member("", "two", "2", 1);
	files_damage(1024 + 148);
	files_add_module("files");
	ck_assert_int_eq(fs_init(), -EBADMSG);
	files_check("one", "1", 1);
	ck_assert_int_eq(fs_look("two", &(struct fs_entry){ 0 }), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memfs-archive");
	TCase *tests = tcase_create("memfs-archive");

	tcase_add_checked_fixture(tests, files_start, NULL);
	tcase_add_test(tests, files_that_the_machine_brings_are_there_until_they_are_written_to);
	tcase_add_test(tests, a_damaged_archive_gives_what_comes_before_the_damage);

	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
