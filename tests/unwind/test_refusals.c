/* SPDX-License-Identifier: MIT */
/*
 * What is malformed in an .eh_frame or an LSDA is refused with its reason and
 * place, and nothing is written.
 */
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "tap.h"
#include "unwind/unwind.h"

#define ENTRIES_MAX 4

static struct image image;
static struct unwind_entry entries[ENTRIES_MAX];
static size_t n_entries;
static struct diag diag;

static uint64_t code(void)
{
	return (uintptr_t)image.bytes + IMAGE_CODE;
}

static int index_size(size_t size)
{
	uint64_t at = (uintptr_t)image.bytes;

	return unwind_index(image.bytes, size, at, at + IMAGE_LSDA, at + IMAGE_SIZE, entries,
			    ENTRIES_MAX, &n_entries, &diag);
}

static int index_image(void)
{
	return index_size(IMAGE_EH_FRAME_SIZE);
}

static void start(void)
{
	image_build(&image);
	n_entries = 77;
	memset(&diag, 0, sizeof(diag));
	memset(entries, 0, sizeof(entries));
}

static void check_refused(const char *what, uint64_t offset)
{
	ck_assert_int_eq(index_image(), -EBADMSG);
	ck_assert_str_eq(diag.what, what);
	ck_assert_str_eq(diag.section, ".eh_frame");
	ck_assert_uint_eq(diag.offset, offset);
	ck_assert_uint_eq(n_entries, 77);
}

START_TEST(the_undamaged_image_is_accepted)
{
	ck_assert_int_eq(index_image(), 0);
	ck_assert_uint_eq(n_entries, 2);
	ck_assert_uint_eq(entries[0].start, code());
	ck_assert_uint_eq(entries[0].size, 64);
	ck_assert_uint_eq(entries[0].fde, (uintptr_t)image.bytes + IMAGE_FDE);
	ck_assert_uint_eq(entries[1].start, code() + 64);
	ck_assert_uint_eq(entries[1].size, 32);
	ck_assert_int_eq(unwind_check_lsdas(image.bytes, IMAGE_SIZE, (uintptr_t)image.bytes,
					    entries, n_entries, &diag),
			 0);
}
END_TEST

START_TEST(an_image_that_is_read_before_it_is_in_place_gets_its_final_addresses)
{
	uint64_t at = 0x200000001000;

	ck_assert_int_eq(unwind_index(image.bytes, IMAGE_EH_FRAME_SIZE, at, at + IMAGE_LSDA,
				      at + IMAGE_SIZE, entries, ENTRIES_MAX, &n_entries, &diag),
			 0);
	ck_assert_uint_eq(entries[0].start, at + IMAGE_CODE);
	ck_assert_uint_eq(entries[0].fde, at + IMAGE_FDE);
	ck_assert_int_eq(unwind_check_lsdas(image.bytes, IMAGE_SIZE, at, entries, n_entries, &diag),
			 0);
}
END_TEST

START_TEST(counting_gives_the_number_that_indexing_writes)
{
	size_t count = 0;

	ck_assert_int_eq(unwind_index(image.bytes, IMAGE_EH_FRAME_SIZE, (uintptr_t)image.bytes, 0,
				      UINT64_MAX, NULL, 0, &count, &diag),
			 0);
	ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(one_entry_more_than_there_is_room_for_is_refused)
{
	ck_assert_int_eq(unwind_index(image.bytes, IMAGE_EH_FRAME_SIZE, (uintptr_t)image.bytes, 0,
				      UINT64_MAX, entries, 1, &n_entries, &diag),
			 -ENOSPC);
	ck_assert_uint_eq(n_entries, 77);
	ck_assert_int_eq(unwind_index(image.bytes, IMAGE_EH_FRAME_SIZE, (uintptr_t)image.bytes, 0,
				      UINT64_MAX, entries, 2, &n_entries, &diag),
			 0);
}
END_TEST

START_TEST(entries_are_sorted_whatever_the_order_of_the_fdes)
{
	image_u32(&image, IMAGE_SECOND_START, IMAGE_CODE - 32 - IMAGE_SECOND_START);
	ck_assert_int_eq(index_image(), 0);
	ck_assert_uint_eq(entries[0].start, code() - 32);
	ck_assert_uint_eq(entries[1].start, code());
}
END_TEST

START_TEST(an_empty_section_has_no_entries)
{
	ck_assert_int_eq(index_size(0), 0);
	ck_assert_uint_eq(n_entries, 0);
}
END_TEST

START_TEST(an_empty_function_has_no_entry)
{
	image_u32(&image, IMAGE_FDE_SIZE, 0);
	image_program(&image, NULL, 0);
	ck_assert_int_eq(index_image(), 0);
	ck_assert_uint_eq(n_entries, 1);
	ck_assert_uint_eq(entries[0].start, code() + 64);
}
END_TEST

START_TEST(a_section_cut_anywhere_but_between_records_is_refused)
{
	for (size_t size = 1; size < IMAGE_EH_FRAME_SIZE; size++) {
		bool whole = size == IMAGE_FDE || size == IMAGE_SECOND || size == IMAGE_TERMINATOR;

		memset(&diag, 0, sizeof(diag));
		ck_assert_int_eq(index_size(size), whole ? 0 : -EBADMSG);
		ck_assert_int_eq(diag.what[0] != 0, !whole);
	}
}
END_TEST

/* ---- records ---------------------------------------------------------------- */

struct damage {
	size_t at;
	uint8_t bytes[8];
	size_t size;
	const char *what;
	size_t offset; /* of the record that the diag names */
};

static const struct damage damages[] = {
	{ IMAGE_CIE, { 0xff, 0xff, 0, 0 }, 4, "a record leaves the section", IMAGE_CIE },
	{ IMAGE_CIE, { 3, 0, 0, 0 }, 4, "a record leaves the section", IMAGE_CIE },
	{ IMAGE_CIE, { 0xff, 0xff, 0xff, 0xff }, 4, "a record of the 64-bit format", IMAGE_CIE },
	{ IMAGE_CIE, { 0, 0, 0, 0 }, 4, "a terminator before the end", IMAGE_CIE },
	{ IMAGE_FDE, { 0, 0, 0, 0 }, 4, "a terminator before the end", IMAGE_FDE },
	{ IMAGE_FDE, { 81, 0, 0, 0 }, 4, "a record leaves the section", IMAGE_FDE },
	{ IMAGE_CIE_VERSION, { 0 }, 1, "unknown version of a CIE", IMAGE_CIE },
	{ IMAGE_CIE_VERSION, { 2 }, 1, "unknown version of a CIE", IMAGE_CIE },
	{ IMAGE_CIE_VERSION, { 4 }, 1, "unknown version of a CIE", IMAGE_CIE },
	{ IMAGE_CIE_RA, { 15 }, 1, "return address is not register 16", IMAGE_CIE },
	{ IMAGE_CIE_RA, { 17 }, 1, "return address is not register 16", IMAGE_CIE },
	{ IMAGE_CIE_LETTERS, { 'e' }, 1, "unknown augmentation", IMAGE_CIE },
	{ IMAGE_CIE_LETTERS + 1, { 'B' }, 1, "unknown augmentation", IMAGE_CIE },
	{ IMAGE_CIE_LETTERS + 3, { 'z' }, 1, "unknown augmentation", IMAGE_CIE },
	{ IMAGE_CIE_LETTERS + 4, { 'P', 'P', 'P', 'P', 'P' }, 5, "augmentation is too long", 0 },
	{ IMAGE_CIE_DATA_LENGTH, { 15 }, 1, "augmentation data leaves the CIE", IMAGE_CIE },
	{ IMAGE_CIE_DATA_LENGTH, { 6 }, 1, "augmentation data is too short or badly encoded", 0 },
	{ IMAGE_CIE_P, { 0x1d }, 1, "augmentation data is too short or badly encoded", 0 },
	{ IMAGE_CIE_P, { 0x2b }, 1, "augmentation data is too short or badly encoded", 0 },
	{ IMAGE_CIE_R, { 0x9b }, 1, "unknown encoding of code addresses", IMAGE_CIE },
	{ IMAGE_CIE_R, { 0x3b }, 1, "unknown encoding of code addresses", IMAGE_CIE },
	{ IMAGE_CIE_R, { 0xff }, 1, "unknown encoding of code addresses", IMAGE_CIE },
	{ IMAGE_CIE_R, { 0x1d }, 1, "an FDE is too short or badly encoded", IMAGE_FDE },
	{ IMAGE_CIE_L, { 0x9b }, 1, "unknown encoding of LSDA addresses", IMAGE_CIE },
	{ IMAGE_CIE_L, { 0x4b }, 1, "unknown encoding of LSDA addresses", IMAGE_CIE },
	{ IMAGE_CIE_L, { 0x1d }, 1, "an FDE is too short or badly encoded", IMAGE_FDE },
	{ IMAGE_FDE_CIE, { 37 }, 1, "an FDE without a CIE in the section", IMAGE_FDE },
	{ IMAGE_FDE_CIE, { 0, 0, 0, 0x80 }, 4, "an FDE without a CIE in the section", IMAGE_FDE },
	{ IMAGE_FDE_CIE, { 4 }, 1, "not a CIE", IMAGE_FDE },
	{ IMAGE_FDE_CIE, { 0xff }, 1, "an FDE without a CIE in the section", IMAGE_FDE },
	{ IMAGE_SECOND + 4, { IMAGE_SECOND + 4 - IMAGE_FDE }, 1, "not a CIE", IMAGE_SECOND },
	{ IMAGE_FDE_DATA_LENGTH, { 3 }, 1, "an FDE is too short or badly encoded", IMAGE_FDE },
	{ IMAGE_FDE_DATA_LENGTH, { 40 }, 1, "an FDE is too short or badly encoded", IMAGE_FDE },
	{ IMAGE_FDE_SIZE, { 0xff, 0xff, 0xff, 0xff }, 4, "the code of an FDE wraps around", 32 },
	{ IMAGE_FDE_LSDA, { 70 }, 1, "an LSDA outside the constants", IMAGE_FDE },
	{ IMAGE_FDE_LSDA, { 87 }, 1, "an LSDA outside the constants", IMAGE_FDE },
	{ IMAGE_SECOND_LSDA, { 1 }, 1, "an LSDA outside the constants", IMAGE_SECOND },
	{ IMAGE_FDE_SIZE, { 65 }, 1, "two FDEs for one address", IMAGE_SECOND },
	{ IMAGE_CIE_PROGRAM, { 0x00, 0, 0 }, 3, "a row without a CFA", IMAGE_FDE },
	{ IMAGE_CIE_PROGRAM, { 0x0c, 16 }, 2, "the CFA is relative to an unknown register", 32 },
	{ IMAGE_CIE_PROGRAM,
	  { 0x0e, 16, 0 },
	  3,
	  "a change to a CFA that is no register and offset",
	  IMAGE_FDE },
	{ IMAGE_CIE_PROGRAM + 5, { 0x41 }, 1, "a CIE moves the location", IMAGE_FDE },
	{ IMAGE_CIE_PROGRAM + 5, { 0xc6 }, 1, "DW_CFA_restore in a CIE", IMAGE_FDE },
	{ IMAGE_CIE_PROGRAM + 5, { 0x06, 3 }, 2, "DW_CFA_restore in a CIE", IMAGE_FDE },
	{ IMAGE_CIE_PROGRAM + 6, { 0x0e }, 1, "a CFA instruction is cut off", IMAGE_FDE },
};

#define N_DAMAGES (sizeof(damages) / sizeof(damages[0]))

START_TEST(a_damaged_record_is_refused_with_its_reason_and_offset)
{
	const struct damage *damage = &damages[_i];

	memcpy(image.bytes + damage->at, damage->bytes, damage->size);
	check_refused(damage->what, damage->offset);
}
END_TEST

/* ---- programs --------------------------------------------------------------- */

struct program {
	uint8_t bytes[36];
	size_t size;
	const char *what; /* NULL: well-formed */
};

static const struct program programs[] = {
	{ { 0x3f }, 1, "unknown CFA instruction" },
	{ { 0x17, 3 }, 2, "unknown CFA instruction" },
	{ { 0x1c, 0 }, 2, "unknown CFA instruction" },
	{ { 0x2d }, 1, "unknown CFA instruction" },
	{ { 0x0b }, 1, "DW_CFA_restore_state without a remembered state" },
	{ { 0x0a, 0x0b, 0x0b }, 3, "DW_CFA_restore_state without a remembered state" },
	{ { 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a }, 8, NULL },
	{ { 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a },
	  9,
	  "too many remembered states" },
	{ { 0x02, 64 }, 2, NULL },
	{ { 0x02, 65 }, 2, "a row outside its function" },
	{ { 0x03, 65, 0 }, 3, "a row outside its function" },
	{ { 0x04, 0xff, 0xff, 0xff, 0xff }, 5, "a row outside its function" },
	{ { 0x01, 0, 0, 0, 0x80 }, 5, "a row outside its function" },
	{ { 0x41, 0x7f }, 2, NULL },
	{ { 0x42, 0x7f }, 2, "a row outside its function" },
	{ { 0x0c, 15, 8 }, 3, NULL },
	{ { 0x0c, 16, 8 }, 3, "the CFA is relative to an unknown register" },
	{ { 0x12, 17, 8 }, 3, "the CFA is relative to an unknown register" },
	{ { 0x0d, 16 }, 2, "the CFA is relative to an unknown register" },
	{ { 0x0f, 2, 0x77, 8, 0x0e, 16 }, 6, "a change to a CFA that is no register and offset" },
	{ { 0x0f, 2, 0x77, 8, 0x0d, 6 }, 6, "a change to a CFA that is no register and offset" },
	{ { 0x0f, 2, 0x77, 8, 0x13, 1 }, 6, "a change to a CFA that is no register and offset" },
	{ { 0x0f, 2, 0x77, 8, 0x0c, 7, 16 }, 7, NULL },
	{ { 0x0f, 34, 0x96 }, 3, "a CFA instruction is cut off" },
	{ { 0x10, 3, 0xff, 0xff, 0x7f, 0x96 }, 6, "a CFA instruction is cut off" },
	{ { 0x0f, 0 }, 2, "a malformed expression" },
	{ { 0x0f, 1, 0x22 }, 3, "a malformed expression" },
	{ { 0x0f, 1, 0x03 }, 3, "a malformed expression" },
	{ { 0x0f, 3, 0x2f, 0xfd, 0xff }, 5, "a malformed expression" },
	{ { 0x0f, 3, 0x28, 0, 0 }, 5, "a malformed expression" },
	{ { 0x0f, 2, 0x81, 0 }, 4, "a malformed expression" },
	{ { 0x0f, 11, 0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1 }, 13, NULL },
	{ { 0x0f, 11, 0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2 },
	  13,
	  "a malformed expression" },
	{ { 0x0f, 11, 0x11, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1 },
	  13,
	  "a malformed expression" },
	{ { 0x0f, 3, 0x92, 17, 0 }, 5, "a malformed expression" },
	{ { 0x0f, 1, 0x50 }, 3, "a malformed expression" },
	{ { 0x0f, 2, 0x30, 0x06 }, 4, NULL },
	{ { 0x10, 3, 2, 0x15, 1 }, 5, "a malformed expression" },
	{ { 0x10, 3, 2, 0x15, 0 }, 5, NULL },
	{ { 0x16, 3, 1, 0x13 }, 4, "a malformed expression" },
	{ { 0x09, 3, 17 }, 3, "a value is kept in an unknown register" },
	{ { 0x09, 3, 16 }, 3, NULL },
	{ { 0x05, 17, 4 }, 3, NULL },
	{ { 0x2e, 16 }, 2, NULL },
};

#define N_PROGRAMS (sizeof(programs) / sizeof(programs[0]))

START_TEST(a_malformed_program_is_refused_with_its_reason)
{
	const struct program *program = &programs[_i];

	image_program(&image, program->bytes, program->size);
	if (program->what)
		check_refused(program->what, IMAGE_FDE);
	else
		ck_assert_int_eq(index_image(), 0);
}
END_TEST

START_TEST(a_state_that_a_cie_remembers_is_not_restored_by_an_fde)
{
	static const uint8_t restore = 0x0b;

	image.bytes[IMAGE_CIE_PROGRAM + 5] = 0x0a;
	ck_assert_int_eq(index_image(), 0);
	image_program(&image, &restore, 1);
	n_entries = 77;
	check_refused("DW_CFA_restore_state without a remembered state", IMAGE_FDE);
}
END_TEST

START_TEST(an_expression_of_more_than_32_operands_is_refused)
{
	uint8_t program[35] = { 0x0f, 32 };

	memset(program + 2, 0x31, 32);
	image_program(&image, program, 34);
	ck_assert_int_eq(index_image(), 0);
	program[1] = 33;
	program[34] = 0x31;
	image_program(&image, program, 35);
	n_entries = 77;
	check_refused("a malformed expression", IMAGE_FDE);
}
END_TEST

/* ---- LSDAs ------------------------------------------------------------------ */

static const struct damage lsda_damages[] = {
	{ IMAGE_LSDA, { 0x9d }, 1, "the header of an LSDA is cut off or unknown", 0 },
	{ IMAGE_LSDA, { 0x3b }, 1, "the header of an LSDA is cut off or unknown", 0 },
	{ IMAGE_LSDA + 2, { 0x11 }, 1, "the header of an LSDA is cut off or unknown", 0 },
	{ IMAGE_LSDA + 2, { 0x0d }, 1, "a call site is cut off", 0 },
	{ IMAGE_LSDA_TABLE_LENGTH, { 13 }, 1, "the header of an LSDA is cut off or unknown", 0 },
	{ IMAGE_LSDA_TABLE_LENGTH, { 11 }, 1, "a call site is cut off", 0 },
	{ IMAGE_LSDA_TABLE + 11, { 0x80 }, 1, "a call site is cut off", 0 },
	{ IMAGE_LSDA_TABLE + 4, { 15 }, 1, "call sites out of order or outside their function", 0 },
	{ IMAGE_LSDA_TABLE + 8, { 61 }, 1, "call sites out of order or outside their function", 0 },
	{ IMAGE_LSDA_TABLE + 9, { 65 }, 1, "call sites out of order or outside their function", 0 },
	{ IMAGE_LSDA_TABLE + 10, { 96 }, 1, "a landing pad outside the code", 0 },
};

#define N_LSDA_DAMAGES (sizeof(lsda_damages) / sizeof(lsda_damages[0]))

static int check_lsdas(size_t size)
{
	return unwind_check_lsdas(image.bytes, size, (uintptr_t)image.bytes, entries, n_entries,
				  &diag);
}

START_TEST(a_damaged_lsda_is_refused_with_its_reason_and_offset)
{
	const struct damage *damage = &lsda_damages[_i];

	memcpy(image.bytes + damage->at, damage->bytes, damage->size);
	ck_assert_int_eq(index_image(), 0);
	ck_assert_int_eq(check_lsdas(IMAGE_SIZE), -EBADMSG);
	ck_assert_str_eq(diag.what, damage->what);
	ck_assert_uint_eq(diag.offset, IMAGE_LSDA);
}
END_TEST

START_TEST(an_lsda_that_the_bytes_do_not_hold_is_refused)
{
	ck_assert_int_eq(index_image(), 0);
	ck_assert_int_eq(check_lsdas(IMAGE_LSDA), -EBADMSG);
	ck_assert_str_eq(diag.what, "an LSDA outside the bytes");
	for (size_t size = IMAGE_LSDA + 1; size < IMAGE_SIZE; size++)
		ck_assert_int_eq(check_lsdas(size), -EBADMSG);
	ck_assert_int_eq(check_lsdas(IMAGE_SIZE), 0);
	ck_assert_int_eq(check_lsdas(IMAGE_FDE), -EBADMSG);
	ck_assert_str_eq(diag.what, "an FDE outside the bytes");
	ck_assert_uint_eq(diag.offset, DIAG_NO_OFFSET);
}
END_TEST

START_TEST(the_landing_pad_of_a_malformed_lsda_is_an_error_and_not_a_pad)
{
	struct unwind_cursor cursor = { .exact = true };
	uint64_t pad = 99;

	ck_assert_int_eq(index_image(), 0);
	cursor.registers[UNWIND_RIP] = code() + 40;
	image.bytes[IMAGE_LSDA] = 0x9d;
	ck_assert_int_eq(unwind_landing_pad(&cursor, &entries[0], &pad), -EBADMSG);
	image.bytes[IMAGE_LSDA] = 0xff;
	image.bytes[IMAGE_LSDA_TABLE_LENGTH] = 11;
	ck_assert_int_eq(unwind_landing_pad(&cursor, &entries[0], &pad), -EBADMSG);
	ck_assert_uint_eq(pad, 99);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("refusals");
	TCase *good = tcase_create("good"), *bad = tcase_create("bad");

	tcase_add_checked_fixture(good, start, NULL);
	tcase_add_test(good, the_undamaged_image_is_accepted);
	tcase_add_test(good, an_image_that_is_read_before_it_is_in_place_gets_its_final_addresses);
	tcase_add_test(good, counting_gives_the_number_that_indexing_writes);
	tcase_add_test(good, one_entry_more_than_there_is_room_for_is_refused);
	tcase_add_test(good, entries_are_sorted_whatever_the_order_of_the_fdes);
	tcase_add_test(good, an_empty_section_has_no_entries);
	tcase_add_test(good, an_empty_function_has_no_entry);
	suite_add_tcase(suite, good);
	tcase_add_checked_fixture(bad, start, NULL);
	tcase_add_test(bad, a_section_cut_anywhere_but_between_records_is_refused);
	tcase_add_loop_test(bad, a_damaged_record_is_refused_with_its_reason_and_offset, 0,
			    N_DAMAGES);
	tcase_add_loop_test(bad, a_malformed_program_is_refused_with_its_reason, 0, N_PROGRAMS);
	tcase_add_test(bad, a_state_that_a_cie_remembers_is_not_restored_by_an_fde);
	tcase_add_test(bad, an_expression_of_more_than_32_operands_is_refused);
	tcase_add_loop_test(bad, a_damaged_lsda_is_refused_with_its_reason_and_offset, 0,
			    N_LSDA_DAMAGES);
	tcase_add_test(bad, an_lsda_that_the_bytes_do_not_hold_is_refused);
	tcase_add_test(bad, the_landing_pad_of_a_malformed_lsda_is_an_error_and_not_a_pad);
	suite_add_tcase(suite, bad);
	return suite;
}

int main(void)
{
	return tap_run(make_suite());
}
