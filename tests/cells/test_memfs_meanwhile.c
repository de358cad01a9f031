/* SPDX-License-Identifier: MIT */
/*
 * Two tasks at one file: another comes in between wherever interrupts come on
 * again.
 */
#include <clew/fs.h>

#include <stdlib.h>
#include <string.h>

#include "fake_machine.h"
#include "memfs_files.h"

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

	files_fill(bytes, size, first);
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

	files_put("f", seed, sizeof(seed));
	first();
	if (second)
		second();
	bytes = files_get("f", ret_size);
	ck_assert_int_eq(fs_remove("f"), 0);
	return bytes;
}

/* Whether the k-th point was reached. */
static bool interleave(void (*outer)(void), void (*inner)(void), unsigned long k, uint8_t **ret,
		       size_t *ret_size)
{
	bool reached;

	files_put("f", seed, sizeof(seed));
	in_between = inner;
	in_between_after = k;
	outer();
	reached = in_between_after == 0;
	in_between_after = 0;
	*ret = files_get("f", ret_size);
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

	files_fill(seed, sizeof(seed), 9);
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
	files_check_released();
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

			files_put("f", seed, sizeof(seed));
			in_between = remove_file;
			in_between_after = k;
			actions[i]();
			reached = in_between_after == 0;
			in_between_after = 0;
			/* Before the name was looked up: then another file was made. */
			if (fs_look("f", &entry) == 0)
				ck_assert_int_eq(fs_remove("f"), 0);
			files_check_released();
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

	files_put("f", seed, sizeof(seed));
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

static void write_in_a_page(void)
{
	act(FS_KEEP, 9000, 100, 6);
}

START_TEST(what_a_file_began_with_is_gone_when_it_is_emptied_during_a_write)
{
	uint8_t *empty_first, *found;
	size_t empty_first_size, size;
	bool reached = true;

	files_put("f", "", 0);
	write_in_a_page();
	empty_first = files_get("f", &empty_first_size);
	files_fill(seed, sizeof(seed), 1);
	files_add_member("", "f", seed, sizeof(seed));
	files_add_module("files");
	in_between = truncate_file;
	for (unsigned long k = 1; reached; k++) {
		ck_assert_int_eq(fs_init(), 0);
		in_between_after = k;
		write_in_a_page();
		reached = in_between_after == 0;
		in_between_after = 0;
		found = files_get("f", &size);
		ck_assert(!reached || size == 0 ||
			  equals(found, size, empty_first, empty_first_size));
		free(found);
	}
	free(empty_first);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memfs-meanwhile");
	TCase *tests = tcase_create("memfs-meanwhile");

	tcase_add_checked_fixture(tests, files_start, NULL);
	tcase_add_loop_test(tests, two_writes_at_once_end_as_one_after_the_other, 0,
			    (int)(N_ACTIONS * N_ACTIONS));
	tcase_add_test(tests, a_file_that_is_removed_during_a_write_takes_all_of_it_along);
	tcase_add_test(tests, a_piece_is_read_whole_whoever_writes_meanwhile);
	tcase_add_test(tests, what_a_file_began_with_is_gone_when_it_is_emptied_during_a_write);

	suite_add_tcase(suite, tests);
	return fake_run(suite);
}
