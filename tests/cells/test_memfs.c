/* SPDX-License-Identifier: MIT */
/*
 * Files in memory, on the real memory cells.  What a file should hold is kept
 * beside it in an array of the test.
 */
#include <clew/fs.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clew/heap.h>
#include <clew/log.h>
#include <clew/memory.h>
#include <clew/task.h>

#include "fake_machine.h"

#define FREE_FRAMES 2000u

static struct frame_usage before;

/* The cell's calls that lead out of this test. */
void task_safe_point(void)
{
	ck_assert(fake_interrupts_on());
}

void log_write(const char *format, ...)
{
}

static void start(void)
{
	fake_start();
	fake_region(0, 2, MACHINE_REGION_NANO_CORE);
	fake_region(2, FREE_FRAMES + 1, MACHINE_REGION_FREE);
	ck_assert_int_eq(frame_init(machine_info()), 0);
	ck_assert_int_eq(fs_init(), 0);
	frame_usage(&before);
}

static void check_nothing_is_held(void)
{
	struct frame_usage now;
	struct heap_usage heap;

	heap_trim();
	frame_usage(&now);
	ck_assert_mem_eq(&now, &before, sizeof(now));
	heap_usage(&heap);
	ck_assert_uint_eq(heap.blocks, 0);
	ck_assert(fake_is_balanced());
}

static void put(const char *path, const void *bytes, size_t size)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;

	ck_assert_int_eq(fs_writer_open(path, FS_TRUNCATE, &writer), 0);
	ck_assert_int_eq(fs_writer_write(&writer, bytes, size), 0);
}

/* The whole file, in memory of the test. */
static uint8_t *get(const char *path, size_t *ret_size)
{
	OWN(fs_reader, reader) = OWNER_EMPTY;
	struct fs_entry entry;
	uint8_t *bytes;

	ck_assert_int_eq(fs_look(path, &entry), 0);
	bytes = malloc(entry.size + 1);
	ck_assert_int_eq(fs_reader_open(path, &reader), 0);
	ck_assert_int_eq(fs_reader_read(&reader, bytes, entry.size + 1, ret_size), 0);
	ck_assert_uint_eq(*ret_size, entry.size);
	bytes[entry.size] = 0;
	return bytes;
}

static void check_file(const char *path, const void *bytes, size_t size)
{
	size_t found_size;
	uint8_t *found = get(path, &found_size);

	ck_assert_uint_eq(found_size, size);
	ck_assert_int_eq(memcmp(found, bytes, size), 0);
	free(found);
}

static void fill(uint8_t *to, size_t size, uint8_t first)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(first + i * 7 + i / 256);
}

/* ---- names ------------------------------------------------------------------ */

START_TEST(a_path_leads_to_what_was_made_there)
{
	OWN(fs_folder, folder) = OWNER_EMPTY;
	struct fs_entry entry = { .name = "" };

	ck_assert_int_eq(fs_folder_new("/a"), 0);
	ck_assert_int_eq(fs_folder_new("a/./b//"), 0);
	put("a/b/file", "12345", 5);
	check_file("//a/b/./file", "12345", 5);
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
	check_nothing_is_held();
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
	put("f", "x", 1);
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
	put("d/f", "x", 1);
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
	put("c/zz", "", 0);
	put("e/0", "", 0);
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
	check_nothing_is_held();
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
		put(name, "x", 1);
	}
	ck_assert_int_eq(fs_folder_open("", &folder), 0);
	while (fs_folder_next(&folder, entry.name, &entry) == 0) {
		ck_assert_int_eq(fs_remove(entry.name), 0);
		removed++;
	}
	ck_assert_int_eq(removed, 50);
	check_nothing_is_held();
}
END_TEST

/* ---- bytes ------------------------------------------------------------------- */

#define MODEL_MAX 300000u

static uint8_t model[MODEL_MAX], noise[MODEL_MAX];
static size_t model_size;

static void write_both(fs_writer *writer)
{
	size_t at = fake_random(MODEL_MAX), size = fake_random(2) ? 100 : 20000;

	size = fake_random(size < MODEL_MAX - at ? size : MODEL_MAX - at);
	fill(noise, size, (uint8_t)fake_random(256));
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
	check_file("f", model, model_size);
	ck_assert_int_eq(fs_remove("f"), 0);
	check_nothing_is_held();
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
	check_file("f", "AbcXYfg", 7);
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
	check_nothing_is_held();
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

	put("f", "old", 3);
	ck_assert_int_eq(fs_writer_open("f", FS_KEEP, &writer), 0);
	ck_assert_int_eq(fs_reader_open("f", &reader), 0);
	stream = fs_writer_stream(&writer);
	ck_assert_int_eq(fs_remove("f"), 0);
	check_nothing_is_held();
	put("f", "new", 3);
	ck_assert_int_eq(fs_reader_read(&reader, &byte, 1, &size), -ESTALE);
	ck_assert(byte == 'x' && size == 42);
	ck_assert_int_eq(fs_writer_write(&writer, "x", 1), -ESTALE);
	ck_assert_int_eq(fs_writer_write(&writer, "x", 0), -ESTALE);
	fs_stream_write(stream, "x", 1);
	ck_assert_int_eq(fs_stream_lost(stream, &lost), -ESTALE);
	ck_assert_uint_eq(lost, 7);
	check_file("f", "new", 3);
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
	check_file("f", "abcdef", 6);
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
		fill(noise, writes[i].size, (uint8_t)i);
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
		fill(model, size, 3);
		put("f", model, size);
		heap_trim();
		fake_fail_map(k);
		r = change(model, &size);
		failures += r == -ENOMEM;
		ck_assert(r == 0 || r == -ENOMEM);
		if (!fake_has_failed())
			break;
		fake_fail_map(0);
		check_file("f", model, size);
		ck_assert_int_eq(fs_remove("f"), 0);
		(void)!fs_remove("d/g");
		(void)!fs_remove("d");
		check_nothing_is_held();
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
	ck_assert_uint_gt(written, FREE_FRAMES * PAGE_SIZE / 2);
	ck_assert_int_eq(fs_writer_write(&writer, noise, 10000), -ENOMEM);
	free(get("big", &(size_t){ 0 }));
	ck_assert_int_eq(fs_remove("big"), 0);
	check_nothing_is_held();
	put("small", "x", 1);
	check_file("small", "x", 1);
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
	check_nothing_is_held();
}
END_TEST

/* ---- others in between ------------------------------------------------------------ */

static void (*in_between)(void);
static unsigned long in_between_after; /* so many times that interrupts come on again */

void __real_machine_irq_restore(bool were_on);
void __wrap_machine_irq_restore(bool were_on);
void __wrap_machine_irq_restore(bool were_on)
{
	__real_machine_irq_restore(were_on);
	if (were_on && in_between_after > 0 && --in_between_after == 0)
		in_between();
}

static void act(enum fs_write how, uint64_t at, size_t size, uint8_t first)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	uint8_t *bytes = malloc(size + 1);
	int r = fs_writer_open("f", how, &writer);

	fill(bytes, size, first);
	if (r == 0 && how != FS_APPEND)
		r = fs_writer_seek(&writer, at);
	if (r == 0)
		r = fs_writer_write(&writer, bytes, size);
	ck_assert(r == 0 || r == -ESTALE);
	free(bytes);
}

static void write_piece(void)
{
	act(FS_KEEP, 5000, FS_PIECE, 1);
}

static void write_far(void)
{
	act(FS_KEEP, 100000, 3000, 2);
}

static void write_across(void)
{
	act(FS_KEEP, 3000, 4000, 3);
}

static void append_much(void)
{
	act(FS_APPEND, 0, 20000, 4);
}

static void append_little(void)
{
	act(FS_APPEND, 0, 3000, 5);
}

static void truncate_file(void)
{
	act(FS_TRUNCATE, 0, 0, 0);
}

static void (*const actions[])(void) = { write_piece, write_far,     write_across,
					 append_much, append_little, truncate_file };
#define N_ACTIONS (sizeof(actions) / sizeof(actions[0]))

static uint8_t seed[12000];

static uint8_t *result_of(void (*first)(void), void (*second)(void), size_t *ret_size)
{
	uint8_t *bytes;

	put("f", seed, sizeof(seed));
	first();
	if (second)
		second();
	bytes = get("f", ret_size);
	ck_assert_int_eq(fs_remove("f"), 0);
	return bytes;
}

/* Whether the k-th point was reached. */
static bool interleave(void (*outer)(void), void (*inner)(void), unsigned long k, uint8_t **ret,
		       size_t *ret_size)
{
	bool reached;

	put("f", seed, sizeof(seed));
	in_between = inner;
	in_between_after = k;
	outer();
	reached = in_between_after == 0;
	in_between_after = 0;
	*ret = get("f", ret_size);
	ck_assert_int_eq(fs_remove("f"), 0);
	return reached;
}

static bool equals(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
	return a_size == b_size && memcmp(a, b, a_size) == 0;
}

START_TEST(two_writes_at_once_end_as_one_after_the_other)
{
	void (*outer)(void) = actions[_i / N_ACTIONS], (*inner)(void) = actions[_i % N_ACTIONS];
	size_t forth_size, back_size, size;
	uint8_t *forth, *back, *found;
	bool reached = true;

	fill(seed, sizeof(seed), 9);
	forth = result_of(outer, inner, &forth_size);
	back = result_of(inner, outer, &back_size);
	for (unsigned long k = 1; reached; k++) {
		reached = interleave(outer, inner, k, &found, &size);
		ck_assert_msg(!reached || equals(found, size, forth, forth_size) ||
				      equals(found, size, back, back_size),
			      "point %lu: %zu bytes, expected %zu or %zu", k, size, forth_size,
			      back_size);
		free(found);
	}
	free(forth);
	free(back);
	check_nothing_is_held();
}
END_TEST

static void remove_file(void)
{
	ck_assert_int_eq(fs_remove("f"), 0);
}

START_TEST(a_file_that_is_removed_during_a_write_takes_all_of_it_along)
{
	for (size_t i = 0; i < N_ACTIONS; i++) {
		for (unsigned long k = 1;; k++) {
			struct fs_entry entry;
			bool reached;

			put("f", seed, sizeof(seed));
			in_between = remove_file;
			in_between_after = k;
			actions[i]();
			reached = in_between_after == 0;
			in_between_after = 0;
			/* Before the name was looked up: then another file was made. */
			if (fs_look("f", &entry) == 0)
				ck_assert_int_eq(fs_remove("f"), 0);
			check_nothing_is_held();
			if (!reached)
				break;
		}
	}
}
END_TEST

static uint8_t pattern_of_reader;

static void overwrite(void)
{
	uint8_t bytes[FS_PIECE];
	OWN(fs_writer, writer) = OWNER_EMPTY;

	memset(bytes, pattern_of_reader, sizeof(bytes));
	ck_assert_int_eq(fs_writer_open("f", FS_KEEP, &writer), 0);
	ck_assert_int_eq(fs_writer_seek(&writer, 2000), 0);
	ck_assert_int_eq(fs_writer_write(&writer, bytes, sizeof(bytes)), 0);
}

START_TEST(a_piece_is_read_whole_whoever_writes_meanwhile)
{
	uint8_t bytes[FS_PIECE];
	size_t size;

	put("f", model, 12000);
	pattern_of_reader = 1;
	overwrite();
	for (unsigned long k = 1;; k++) {
		OWN(fs_reader, reader) = OWNER_EMPTY;

		ck_assert_int_eq(fs_reader_open("f", &reader), 0);
		ck_assert_int_eq(fs_reader_seek(&reader, 2000), 0);
		pattern_of_reader++;
		in_between = overwrite;
		in_between_after = k;
		ck_assert_int_eq(fs_reader_read(&reader, bytes, sizeof(bytes), &size), 0);
		ck_assert_uint_eq(size, sizeof(bytes));
		for (size_t i = 1; i < sizeof(bytes); i++)
			ck_assert_uint_eq(bytes[i], bytes[0]);
		if (in_between_after > 0)
			break;
	}
	in_between_after = 0;
}
END_TEST

/* ---- what a machine brings along ----------------------------------------------------- */

static uint8_t archive[64 * 1024] __attribute__((aligned(512)));
static size_t archive_size;

/* One member in POSIX ustar format. */
static void add_member(const char *prefix, const char *name, const void *bytes, size_t size)
{
	char *header = (char *)archive + archive_size;
	unsigned int sum = 0;

	memset(header, 0, 512);
	memcpy(header, name, strlen(name));
	memcpy(header + 100, "0000644", 7);
	snprintf(header + 124, 12, "%011zo", size);
	memset(header + 148, ' ', 8);
	header[156] = '0';
	memcpy(header + 257,
	       "ustar\0"
	       "00",
	       8);
	memcpy(header + 345, prefix, strlen(prefix));
	for (int i = 0; i < 512; i++)
		sum += (uint8_t)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	memcpy(header + 512, bytes, size);
	archive_size += 512 + (size + 511) / 512 * 512;
}

static void add_module(const char *name)
{
	struct machine_info *info = fake_info();
	struct machine_module *module = &info->modules[info->n_modules++];

	strcpy(module->name, name);
	module->start = malloc(archive_size + 1024);
	memset((void *)(uintptr_t)module->start, 0, archive_size + 1024);
	memcpy((void *)(uintptr_t)module->start, archive, archive_size);
	module->size = archive_size + 1024;
	memset(archive, 0, sizeof(archive));
	archive_size = 0;
}

START_TEST(files_that_the_machine_brings_are_there_until_they_are_written_to)
{
	OWN(fs_writer, writer) = OWNER_EMPTY;
	struct fs_entry entry;
	const uint8_t *bytes;

	fill(seed, sizeof(seed), 1);
	add_member("", "heap.o", "no file", 7);
	add_member("", "files/one", "from cells", 10);
	add_member("", "files/deep/two", seed, sizeof(seed));
	add_module("cells");
	add_member("", "./one", "from files", 10);
	add_member("a/b", "c", "", 0);
	add_member("", "one/x", "in a file", 9);
	add_module("files");
	add_module("script");
	ck_assert_int_eq(fs_init(), 0);
	check_file("one", "from files", 10);
	check_file("deep/two", seed, sizeof(seed));
	check_file("a/b/c", "", 0);
	ck_assert_int_eq(fs_look("heap.o", &entry), -ENOENT);
	ck_assert_int_eq(fs_look("", &entry), 0);
	ck_assert_uint_eq(entry.size, 3);
	/* In the middle of the second page, which alone is copied. */
	bytes = fake_info()->modules[0].start;
	ck_assert_int_eq(fs_writer_open("deep/two", FS_KEEP, &writer), 0);
	ck_assert_int_eq(fs_writer_seek(&writer, 5000), 0);
	ck_assert_int_eq(fs_writer_write(&writer, "here", 4), 0);
	memcpy(seed + 5000, "here", 4);
	check_file("deep/two", seed, sizeof(seed));
	/* A tar header before each of three members, and the last begins at 1536 + 1024. */
	fill(noise, sizeof(seed), 1);
	ck_assert_int_eq(memcmp(bytes + 5 * 512, noise, sizeof(seed)), 0);
	ck_assert_int_eq(fs_writer_seek(&writer, 20000), 0);
	ck_assert_int_eq(fs_writer_write(&writer, "!", 1), 0);
	ck_assert_int_eq(fs_look("deep/two", &entry), 0);
	ck_assert_uint_eq(entry.size, 20001);
	put("deep/two", "", 0);
	ck_assert_int_eq(fs_writer_seek(&writer, 3), 0);
	ck_assert_int_eq(fs_writer_write(&writer, "x", 1), 0);
	check_file("deep/two", "\0\0\0x", 4);
}
END_TEST

static void write_in_a_page(void)
{
	act(FS_KEEP, 9000, 100, 6);
}

START_TEST(what_a_file_began_with_is_gone_when_it_is_emptied_during_a_write)
{
	uint8_t *empty_first, *found;
	size_t empty_first_size, size;
	bool reached = true;

	put("f", "", 0);
	write_in_a_page();
	empty_first = get("f", &empty_first_size);
	fill(seed, sizeof(seed), 1);
	add_member("", "f", seed, sizeof(seed));
	add_module("files");
	in_between = truncate_file;
	for (unsigned long k = 1; reached; k++) {
		ck_assert_int_eq(fs_init(), 0);
		in_between_after = k;
		write_in_a_page();
		reached = in_between_after == 0;
		in_between_after = 0;
		found = get("f", &size);
		ck_assert(!reached || size == 0 ||
			  equals(found, size, empty_first, empty_first_size));
		free(found);
	}
	free(empty_first);
}
END_TEST

START_TEST(a_damaged_archive_gives_what_comes_before_the_damage)
{
	add_member("", "one", "1", 1);
	add_member("", "two", "2", 1);
	archive[1024 + 148] = '7';
	add_module("files");
	ck_assert_int_eq(fs_init(), -EBADMSG);
	check_file("one", "1", 1);
	ck_assert_int_eq(fs_look("two", &(struct fs_entry){ 0 }), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memfs");
	TCase *tests = tcase_create("memfs");

	tcase_add_checked_fixture(tests, start, NULL);
	tcase_add_test(tests, a_path_leads_to_what_was_made_there);
	tcase_add_test(tests, what_cannot_be_is_an_error_of_its_own);
	tcase_add_test(tests, a_folder_lists_its_names_in_order_whatever_comes_and_goes);
	tcase_add_test(tests, a_folder_can_be_emptied_while_it_is_listed);
	tcase_add_test(tests, a_file_is_the_bytes_that_were_written_where_they_were_written);
	tcase_add_test(tests, each_handle_has_a_position_of_its_own);
	tcase_add_test(tests, a_file_ends_at_the_limit_and_not_past_it);
	tcase_add_test(tests, a_removed_file_is_gone_for_all_and_its_successor_is_another);
	tcase_add_test(tests, a_stream_appends_and_counts_what_it_loses);
	tcase_add_test(tests, every_kth_allocation_that_fails_leaves_the_file_as_it_was);
	tcase_add_test(tests, running_out_of_memory_is_an_error_until_there_is_some_again);
	tcase_add_test(tests, a_client_that_crashes_inside_the_cell_leaves_nothing_behind);
	tcase_add_loop_test(tests, two_writes_at_once_end_as_one_after_the_other, 0,
			    N_ACTIONS * N_ACTIONS);
	tcase_add_test(tests, a_file_that_is_removed_during_a_write_takes_all_of_it_along);
	tcase_add_test(tests, a_piece_is_read_whole_whoever_writes_meanwhile);
	tcase_add_test(tests, files_that_the_machine_brings_are_there_until_they_are_written_to);
	tcase_add_test(tests, what_a_file_began_with_is_gone_when_it_is_emptied_during_a_write);
	tcase_add_test(tests, a_damaged_archive_gives_what_comes_before_the_damage);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
