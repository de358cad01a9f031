/* SPDX-License-Identifier: MIT */
/*
 * What a file holds, after writes that succeed and writes that fail.  What it
 * should hold is kept beside it in an array of the test.
 */
#include <clew/fs.h>

#include <clew/heap.h>
#include <stdlib.h>
#include <string.h>

#include "fake_machine.h"
#include "memfs_files.h"

#define MODEL_MAX 300000u

static uint8_t model[MODEL_MAX], noise[MODEL_MAX];
static size_t model_size;

static void write_both(fs_writer *writer)
{
	size_t at = fake_random(MODEL_MAX), size = fake_random(2) ? 100 : 20000;

	size = fake_random(size < MODEL_MAX - at ? size : MODEL_MAX - at);
	files_fill(noise, size, (uint8_t)fake_random(256));
	ck_assert_int_eq(fs_writer_seek(writer, at), 0);
	ck_assert_int_eq(fs_writer_write(writer, noise, size), 0);
	if (size == 0)
		return;
	memcpy(model + at, noise, size);
	if (at + size > model_size)
		model_size = at + size;
}

static void read_both(fs_reader *reader)
{
	size_t at = fake_random(MODEL_MAX + 100), size = fake_random(MODEL_MAX), found;
	size_t left = at < model_size ? model_size - at : 0;

	ck_assert_int_eq(fs_reader_seek(reader, at), 0);
	ck_assert_int_eq(fs_reader_read(reader, noise, size, &found), 0);
	ck_assert_uint_eq(found, left < size ? left : size);
	ck_assert_int_eq(memcmp(noise, model + at, found), 0);
}

START_TEST(a_file_is_the_bytes_that_were_written_where_they_were_written)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	OWN(fs_reader, reader) = OWNER_EMPTY;

	ck_assert_int_eq(fs_writer_open("f", FS_NEW, &writer), 0);
	ck_assert_int_eq(fs_reader_open("f", &reader), 0);
	for (int round = 0; round < 2000; round++) {
		OWN(fs_writer, other) = OWNER_EMPTY;

		write_both(&writer);
		read_both(&reader);
		if (fake_random(100) == 0) {
			ck_assert_int_eq(fs_writer_open("f", FS_TRUNCATE, &other), 0);
			memset(model, 0, sizeof(model));
			model_size = 0;
		}
	}
	files_check("f", model, model_size);
	ck_assert_int_eq(fs_remove("f"), 0);
	files_check_released();
}
END_TEST

START_TEST(each_handle_has_a_position_of_its_own)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	OWN(fs_writer, appender) = OWNER_EMPTY;
	OWN(fs_reader, first) = OWNER_EMPTY;
	OWN(fs_reader, second) = OWNER_EMPTY;
	char text[8] = "";
	size_t size;

	ck_assert_int_eq(fs_writer_open("f", FS_KEEP, &writer), 0);
	ck_assert_int_eq(fs_writer_open("f", FS_APPEND, &appender), 0);
	ck_assert_int_eq(fs_reader_open("f", &first), 0);
	ck_assert_int_eq(fs_reader_open("f", &second), 0);
	ck_assert_int_eq(fs_writer_write(&writer, "abc", 3), 0);
	ck_assert_int_eq(fs_writer_write(&appender, "def", 3), 0);
	ck_assert_int_eq(fs_reader_read(&first, text, 2, &size), 0);
	ck_assert_int_eq(fs_writer_write(&writer, "XY", 2), 0);
	ck_assert_int_eq(fs_writer_write(&appender, "g", 1), 0);
	ck_assert_int_eq(fs_reader_read(&first, text, 7, &size), 0);
	ck_assert_uint_eq(size, 5);
	ck_assert_int_eq(memcmp(text, "cXYfg", 5), 0);
	ck_assert_int_eq(fs_reader_read(&first, text, 7, &size), 0);
	ck_assert_uint_eq(size, 0);
	ck_assert_int_eq(fs_reader_read(&second, text, 7, &size), 0);
	ck_assert_int_eq(memcmp(text, "abcXYfg", 7), 0);
	ck_assert_int_eq(fs_writer_seek(&appender, 0), 0);
	ck_assert_int_eq(fs_writer_write(&appender, "A", 1), 0);
	files_check("f", "AbcXYfg", 7);
}
END_TEST

START_TEST(a_file_ends_at_the_limit_and_not_past_it)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	OWN(fs_writer, appender) = OWNER_EMPTY;
	OWN(fs_reader, reader) = OWNER_EMPTY;
	struct fs_entry entry;
	uint8_t bytes[3];
	size_t size;

	ck_assert_int_eq(fs_writer_open("f", FS_KEEP, &writer), 0);
	ck_assert_int_eq(fs_writer_open("f", FS_APPEND, &appender), 0);
	ck_assert_int_eq(fs_reader_open("f", &reader), 0);
	ck_assert_int_eq(fs_writer_seek(&writer, FS_SIZE_MAX + 1), -EINVAL);
	ck_assert_int_eq(fs_reader_seek(&reader, FS_SIZE_MAX + 1), -EINVAL);
	ck_assert_int_eq(fs_writer_seek(&writer, FS_SIZE_MAX - 2), 0);
	ck_assert_int_eq(fs_writer_write(&writer, "abc", 3), -EFBIG);
	ck_assert_int_eq(fs_look("f", &entry), 0);
	ck_assert_uint_eq(entry.size, 0);
	ck_assert_int_eq(fs_writer_write(&writer, "ab", 2), 0);
	ck_assert_int_eq(fs_writer_write(&writer, "c", 1), -EFBIG);
	ck_assert_int_eq(fs_writer_write(&appender, "c", 1), -EFBIG);
	ck_assert_int_eq(fs_writer_write(&appender, bytes, SIZE_MAX), -EFBIG);
	ck_assert_int_eq(fs_reader_seek(&reader, FS_SIZE_MAX - 3), 0);
	ck_assert_int_eq(fs_reader_read(&reader, bytes, 3, &size), 0);
	ck_assert(size == 3 && memcmp(bytes, "\0ab", 3) == 0);
	ck_assert_int_eq(fs_reader_seek(&reader, FS_SIZE_MAX), 0);
	ck_assert_int_eq(fs_reader_read(&reader, bytes, 3, &size), 0);
	ck_assert_uint_eq(size, 0);
	ck_assert_int_eq(fs_remove("f"), 0);
	files_check_released();
}
END_TEST

START_TEST(a_removed_file_is_gone_for_all_and_its_successor_is_another)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	OWN(fs_reader, reader) = OWNER_EMPTY;
	uint64_t lost = 7;
	char byte = 'x';
	size_t size = 42;
	int stream;

	files_put("f", "old", 3);
	ck_assert_int_eq(fs_writer_open("f", FS_KEEP, &writer), 0);
	ck_assert_int_eq(fs_reader_open("f", &reader), 0);
	stream = fs_writer_stream(&writer);
	ck_assert_int_eq(fs_remove("f"), 0);
	files_check_released();
	files_put("f", "new", 3);
	ck_assert_int_eq(fs_reader_read(&reader, &byte, 1, &size), -ESTALE);
	ck_assert(byte == 'x' && size == 42);
	ck_assert_int_eq(fs_writer_write(&writer, "x", 1), -ESTALE);
	ck_assert_int_eq(fs_writer_write(&writer, "x", 0), -ESTALE);
	fs_stream_write(stream, "x", 1);
	ck_assert_int_eq(fs_stream_lost(stream, &lost), -ESTALE);
	ck_assert_uint_eq(lost, 7);
	files_check("f", "new", 3);
}
END_TEST

START_TEST(a_stream_appends_and_counts_what_it_loses)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	uint64_t lost;
	int stream;

	ck_assert_int_eq(fs_writer_open("f", FS_TRUNCATE, &writer), 0);
	stream = fs_writer_stream(&writer);
	ck_assert_int_ge(stream, FS_FILE_FIRST);
	fs_stream_write(stream, "abc", 3);
	fs_stream_write(stream, "", 0);
	heap_trim();
	fake_fail_map(2); /* the first is for the table, for which the heap tries twice */
	fs_stream_write(stream, (const char *)model, 10000);
	fake_fail_map(0);
	fs_stream_write(stream, "def", 3);
	files_check("f", "abcdef", 6);
	ck_assert_int_eq(fs_stream_lost(stream, &lost), 0);
	ck_assert_uint_eq(lost, 10000);
	ck_assert_int_eq(fs_writer_open("f", FS_TRUNCATE, &(fs_writer)OWNER_EMPTY), 0);
	ck_assert_int_eq(fs_stream_lost(stream, &lost), 0);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

/* ---- failures ------------------------------------------------------------------- */

/* Changes a file of 5000 bytes in every way; 0, or the first error, then it is as it was. */
static int change(uint8_t *expected, size_t *expected_size)
{
	static const struct {
		size_t at, size;
	} writes[] = { { 10, 20 }, { 4000, 5000 }, { 40000, 9000 }, { 9000, 1 } };
	OWN(fs_writer, writer) = OWNER_EMPTY;
	int r = fs_writer_open("f", FS_KEEP, &writer);

	for (size_t i = 0; r == 0 && i < 4; i++) {
		r = fs_writer_seek(&writer, writes[i].at);
		files_fill(noise, writes[i].size, (uint8_t)i);
		if (r == 0)
			r = fs_writer_write(&writer, noise, writes[i].size);
		if (r < 0)
			break;
		memcpy(expected + writes[i].at, noise, writes[i].size);
		if (writes[i].at + writes[i].size > *expected_size)
			*expected_size = writes[i].at + writes[i].size;
	}
	if (r == 0)
		r = fs_folder_new("d");
	if (r == 0)
		r = fs_writer_open("d/g", FS_NEW, &(fs_writer)OWNER_EMPTY);
	return r;
}

START_TEST(every_kth_allocation_that_fails_leaves_the_file_as_it_was)
{
	unsigned long k = 1, failures = 0;
	int r;

	for (;; k++) {
		size_t size = 5000;

		memset(model, 0, sizeof(model));
		files_fill(model, size, 3);
		files_put("f", model, size);
		heap_trim();
		fake_fail_map(k);
		r = change(model, &size);
		failures += r == -ENOMEM;
		ck_assert(r == 0 || r == -ENOMEM);
		if (!fake_has_failed())
			break;
		fake_fail_map(0);
		files_check("f", model, size);
		ck_assert_int_eq(fs_remove("f"), 0);
		(void)!fs_remove("d/g");
		(void)!fs_remove("d");
		files_check_released();
	}
	ck_assert_int_eq(r, 0);
	/* Page 2, and pages 9 to 11; where the heap lacks a page it tries again, and has one. */
	ck_assert_uint_eq(failures, 4);
}
END_TEST

START_TEST(running_out_of_memory_is_an_error_until_there_is_some_again)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	size_t written = 0;
	int r;

	ck_assert_int_eq(fs_writer_open("big", FS_KEEP, &writer), 0);
	while ((r = fs_writer_write(&writer, noise, 10000)) == 0)
		written += 10000;
	ck_assert_int_eq(r, -ENOMEM);
	ck_assert_uint_gt(written, FILES_FREE_FRAMES * PAGE_SIZE / 2);
	ck_assert_int_eq(fs_writer_write(&writer, noise, 10000), -ENOMEM);
	free(files_get("big", &(size_t){ 0 }));
	ck_assert_int_eq(fs_remove("big"), 0);
	files_check_released();
	files_put("small", "x", 1);
	files_check("small", "x", 1);
}
END_TEST

static void crash_with_handles(void *argument)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	OWN(fs_reader, reader) = OWNER_EMPTY;

	ck_assert_int_eq(fs_writer_open("f", FS_KEEP, &writer), 0);
	ck_assert_int_eq(fs_reader_open("f", &reader), 0);
	/* Into a place that is not empty: a panic inside the cell. */
	(void)!fs_reader_open("f", &reader);
}

START_TEST(a_client_that_crashes_inside_the_cell_leaves_nothing_behind)
{
	ck_assert_ptr_nonnull(fake_panic_of(crash_with_handles, NULL));
	ck_assert(fake_is_balanced());
	ck_assert_int_eq(fs_remove("f"), 0);
	files_check_released();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memfs-bytes");
	TCase *tests = tcase_create("memfs-bytes");

	tcase_add_checked_fixture(tests, files_start, NULL);
	tcase_add_test(tests, a_file_is_the_bytes_that_were_written_where_they_were_written);
	tcase_add_test(tests, each_handle_has_a_position_of_its_own);
	tcase_add_test(tests, a_file_ends_at_the_limit_and_not_past_it);
	tcase_add_test(tests, a_removed_file_is_gone_for_all_and_its_successor_is_another);
	tcase_add_test(tests, a_stream_appends_and_counts_what_it_loses);
	tcase_add_test(tests, every_kth_allocation_that_fails_leaves_the_file_as_it_was);
	tcase_add_test(tests, running_out_of_memory_is_an_error_until_there_is_some_again);
	tcase_add_test(tests, a_client_that_crashes_inside_the_cell_leaves_nothing_behind);

	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
