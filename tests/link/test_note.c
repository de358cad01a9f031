/* SPDX-License-Identifier: MIT */
/*
 * The reader of cellc's records, against records that are wrong in one place
 * each.  The object around them is made here, by the gABI's chapter 4.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <clew/cell.h>

#include "elf/elf.h"
#include "link/note.h"

#define SECTIONS 4 /* none, names, the note, a second one */
#define NOTE_AT 512
#define FILE_SIZE 4096

static const char section_names[] = "\0.shstrtab\0.clew.note\0.other";
static const char strings[] = "\0good\0good_state\0a reason\0a symbol\0\0";
enum {
	EMPTY = 0,
	NAME = 1,
	STATE = 6,
	REASON = 17,
	SYMBOL = 26,
};

/* Everything a note may have, in its packed order. */
struct records {
	struct note_header header;
	struct note_symbol symbols[2];
	struct note_field fields[1];
	struct note_static statics[1];
	char strings[sizeof(strings)];
};

static union {
	uint8_t bytes[FILE_SIZE];
	Elf64_Ehdr ehdr;
} file;
static struct diag diag;

static Elf64_Shdr *sections(void)
{
	return (Elf64_Shdr *)(file.bytes + sizeof(Elf64_Ehdr));
}

static struct records *records(void)
{
	return (struct records *)(file.bytes + NOTE_AT);
}

static void make_records(void)
{
	*records() = (struct records){
		.header = {
			.magic = NOTE_MAGIC,
			.format = NOTE_FORMAT,
			.n_symbols = 2,
			.n_fields = 1,
			.n_statics = 1,
			.strings_size = sizeof(strings),
			.kind = CELL_SERVICE,
			.version = 1,
			.name = NAME,
			.summary = REASON,
			.state_symbol = STATE,
			.state_reason = REASON,
			.state_size = 16,
			.state_hash = 1,
		},
		.symbols = {
			{ .name = SYMBOL, .kind = NOTE_PROVIDES_FUNCTION, .type_hash = 7 },
			{ .name = SYMBOL, .kind = NOTE_NEEDS_DATA, .type_hash = 8 },
		},
		.fields = { { .name = SYMBOL, .type = REASON, .offset = 8, .size = 8 } },
		.statics = { { .name = SYMBOL, .section = REASON, .size = 4 } },
	};
	memcpy(records()->strings, strings, sizeof(strings));
}

static void make_file(void)
{
	memset(&file, 0, sizeof(file));
	memset(&diag, 0, sizeof(diag));
	file.ehdr = (Elf64_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
		.e_type = 1,
		.e_machine = 62,
		.e_version = 1,
		.e_shoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = 1,
	};
	sections()[1] = (Elf64_Shdr){
		.sh_name = 1,
		.sh_type = SHT_STRTAB,
		.sh_offset = 448,
		.sh_size = sizeof(section_names),
		.sh_addralign = 1,
	};
	memcpy(file.bytes + 448, section_names, sizeof(section_names));
	sections()[2] = (Elf64_Shdr){
		.sh_name = 11,
		.sh_type = 1,
		.sh_offset = NOTE_AT,
		.sh_size = offsetof(struct records, strings) + sizeof(strings),
		.sh_addralign = 8,
	};
	sections()[3] = (Elf64_Shdr){
		.sh_name = 22,
		.sh_type = 1,
		.sh_offset = 2048,
		.sh_size = 0,
		.sh_addralign = 1,
	};
	make_records();
}

static int read_note(struct note *ret)
{
	struct elf elf;

	ck_assert_msg(elf_open(&elf, "good.o", file.bytes, sizeof(file.bytes), &diag) == 0, "%s",
		      diag.what);
	return note_read(&elf, ret, &diag);
}

static void expect_refusal(const char *what)
{
	struct note note, untouched;

	memset(&note, 0x5a, sizeof(note));
	memset(&untouched, 0x5a, sizeof(untouched));
	ck_assert_int_eq(read_note(&note), -EBADMSG);
	ck_assert_str_eq(diag.what, what);
	ck_assert_str_eq(diag.cell, "good.o");
	ck_assert_str_eq(diag.section, ".clew.note");
	ck_assert_mem_eq(&note, &untouched, sizeof(note));
}

START_TEST(a_good_note_is_read_as_it_was_written)
{
	struct note note;

	ck_assert_int_eq(read_note(&note), 0);
	ck_assert_str_eq(note_string(&note, note.header->name), "good");
	ck_assert_str_eq(note_string(&note, note.header->state_symbol), "good_state");
	ck_assert_ptr_eq(note_find(&note, "a symbol", NOTE_PROVIDES_FUNCTION), &note.symbols[0]);
	ck_assert_ptr_eq(note_find(&note, "a symbol", NOTE_NEEDS_DATA), &note.symbols[1]);
	ck_assert_ptr_null(note_find(&note, "a symbol", NOTE_NEEDS_FUNCTION));
	ck_assert_ptr_null(note_find(&note, "another", NOTE_NEEDS_DATA));
	ck_assert_uint_eq(note.fields[0].offset, 8);
	ck_assert_uint_eq(note.statics[0].size, 4);
}
END_TEST

START_TEST(an_object_without_a_note_is_foreign)
{
	struct note note;

	sections()[2].sh_name = 22;
	ck_assert_int_eq(read_note(&note), NOTE_E_FOREIGN);
}
END_TEST

START_TEST(the_section_must_be_one_aligned_and_have_contents)
{
	sections()[3].sh_name = 11;
	expect_refusal("section appears twice");
	make_file();
	sections()[2].sh_type = SHT_NOBITS;
	expect_refusal("section without contents");
	make_file();
	sections()[2].sh_offset = NOTE_AT + 4;
	sections()[2].sh_addralign = 4;
	expect_refusal("section misaligned");
}
END_TEST

START_TEST(magic_and_format_are_demanded)
{
	records()->header.magic++;
	expect_refusal("bad magic");
	ck_assert_uint_eq(diag.offset, 0);
	make_file();
	records()->header.format++;
	expect_refusal("unknown format");
	ck_assert_uint_eq(diag.offset, 4);
}
END_TEST

START_TEST(every_size_but_the_right_one_is_refused)
{
	uint64_t right = sections()[2].sh_size;

	for (uint64_t size = 0; size < right + 64; size++) {
		struct note note;

		make_file();
		sections()[2].sh_size = size;
		if (size == right)
			ck_assert_int_eq(read_note(&note), 0);
		else
			ck_assert_int_eq(read_note(&note), -EBADMSG);
		if (size < sizeof(struct note_header))
			ck_assert_str_eq(diag.what, "truncated header");
	}
}
END_TEST

START_TEST(counts_that_do_not_fit_are_refused)
{
	static const uint32_t counts[] = { 100, 0x7fffffff, 0xffffffff };

	records()->header.n_symbols = counts[_i];
	expect_refusal("symbols leave the section");
	make_file();
	records()->header.n_fields = counts[_i];
	expect_refusal("fields leave the section");
	make_file();
	records()->header.n_statics = counts[_i];
	expect_refusal("statics leave the section");
	make_file();
	records()->header.strings_size = counts[_i];
	expect_refusal("strings do not end the section");
}
END_TEST

START_TEST(strings_begin_and_end_with_zero)
{
	records()->strings[0] = 'x';
	expect_refusal("strings without first and last zero");
	make_file();
	records()->strings[sizeof(strings) - 1] = 'x';
	expect_refusal("strings without first and last zero");
	make_file();
	records()->header.strings_size = 0;
	sections()[2].sh_size = offsetof(struct records, strings);
	expect_refusal("strings without first and last zero");
}
END_TEST

START_TEST(every_string_lies_in_the_strings)
{
	uint32_t *const places[] = {
		&records()->header.name,	 &records()->header.summary,
		&records()->header.state_symbol, &records()->header.state_reason,
		&records()->symbols[1].name,	 &records()->fields[0].name,
		&records()->fields[0].type,	 &records()->statics[0].name,
		&records()->statics[0].section,
	};
	struct note note;

	*places[_i] = sizeof(strings);
	expect_refusal("string out of range");
	ck_assert_uint_eq(diag.offset, (uint64_t)((uint8_t *)places[_i] - file.bytes) - NOTE_AT);
	*places[_i] = UINT32_MAX;
	expect_refusal("string out of range");
	*places[_i] = sizeof(strings) - 1;
	/* In range, though an empty name may be refused for being one. */
	if (read_note(&note) < 0)
		ck_assert_str_ne(diag.what, "string out of range");
}
END_TEST

START_TEST(kind_version_and_name_are_checked)
{
	records()->header.kind = 0;
	expect_refusal("unknown kind of cell");
	make_file();
	records()->header.kind = 3;
	expect_refusal("unknown kind of cell");
	make_file();
	records()->header.version = 0;
	expect_refusal("bad version");
	make_file();
	records()->header.name = EMPTY;
	expect_refusal("bad name of a cell");
	make_file();
	records()->header.name = SYMBOL; /* has a blank */
	expect_refusal("bad name of a cell");
}
END_TEST

START_TEST(a_name_has_31_bytes_at_most)
{
	struct note note;
	char *name = records()->strings + 1;

	/* No state, so that its name need not follow. */
	records()->header.state_symbol = EMPTY;
	records()->header.state_size = 0;
	records()->header.state_hash = 0;
	records()->header.n_fields = 0;
	records()->header.n_symbols = 0;
	records()->header.n_statics = 0;
	memmove(&records()->symbols, &records()->strings, sizeof(strings));
	sections()[2].sh_size = sizeof(struct note_header) + sizeof(strings);
	name = (char *)&records()->symbols + 1;
	memset(name, 'a', 31);
	name[31] = 0;
	ck_assert_int_eq(read_note(&note), 0);
	name[31] = 'a';
	name[32] = 0;
	expect_refusal("bad name of a cell");
}
END_TEST

START_TEST(a_state_has_a_symbol_a_size_and_a_hash_or_none_of_them)
{
	records()->header.state_symbol = EMPTY;
	expect_refusal("state without a symbol");
	make_file();
	records()->header.state_symbol = SYMBOL;
	expect_refusal("state symbol of another name");
	make_file();
	records()->header.state_symbol = NAME;
	expect_refusal("state symbol of another name");
	make_file();
	records()->header.state_size = 0;
	expect_refusal("state without size or hash");
	make_file();
	records()->header.state_hash = 0;
	expect_refusal("state without size or hash");
}
END_TEST

START_TEST(symbols_have_a_kind_and_a_name)
{
	records()->symbols[1].kind = 0;
	expect_refusal("unknown kind of symbol");
	make_file();
	records()->symbols[1].kind = NOTE_TYPE_LAYOUT + 1;
	expect_refusal("unknown kind of symbol");
	make_file();
	records()->symbols[0].name = EMPTY;
	expect_refusal("symbol without a name");
}
END_TEST

START_TEST(a_field_ends_where_the_state_ends_at_most)
{
	struct note note;

	records()->fields[0].size = 9;
	expect_refusal("field leaves the state");
	make_file();
	records()->fields[0].offset = UINT64_MAX;
	expect_refusal("field leaves the state");
	make_file();
	records()->fields[0].offset = 16;
	records()->fields[0].size = 0;
	ck_assert_int_eq(read_note(&note), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("note");
	TCase *tests = tcase_create("note");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_file, NULL);
	tcase_add_test(tests, a_good_note_is_read_as_it_was_written);
	tcase_add_test(tests, an_object_without_a_note_is_foreign);
	tcase_add_test(tests, the_section_must_be_one_aligned_and_have_contents);
	tcase_add_test(tests, magic_and_format_are_demanded);
	tcase_add_test(tests, every_size_but_the_right_one_is_refused);
	tcase_add_loop_test(tests, counts_that_do_not_fit_are_refused, 0, 3);
	tcase_add_test(tests, strings_begin_and_end_with_zero);
	tcase_add_loop_test(tests, every_string_lies_in_the_strings, 0, 9);
	tcase_add_test(tests, kind_version_and_name_are_checked);
	tcase_add_test(tests, a_name_has_31_bytes_at_most);
	tcase_add_test(tests, a_state_has_a_symbol_a_size_and_a_hash_or_none_of_them);
	tcase_add_test(tests, symbols_have_a_kind_and_a_name);
	tcase_add_test(tests, a_field_ends_where_the_state_ends_at_most);
	suite_add_tcase(suite, tests);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
