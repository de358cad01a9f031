/* SPDX-License-Identifier: MIT */
/*
 * The reader of .clew.note against notes that are wrong in one place each.
 * Every refusal of src/link/note.c has its line in the table.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <clew/cell.h>
#include <clew/diag.h>

#include "elf/elf.h"
#include "link/note.h"
#include "tap.h"

#define STRINGS \
	"\0probe\0a cell\0probe_state\0reason\0int\0probe_work" \
	"\0this_name_of_a_cell_has_31_byte" \
	"\0this_name_of_a_cell_has_32_bytes"
#define NAMES "\0.clew.note\0.shstrtab"

enum string {
	STRING_EMPTY = 0,
	STRING_PROBE = 1,
	STRING_SUMMARY = 7,
	STRING_STATE = 14,
	STRING_REASON = 26,
	STRING_INT = 33,
	STRING_WORK = 37,
	STRING_LONGEST = 48,
	STRING_TOO_LONG = 80,
	STRING_END = sizeof(STRINGS),
};

/* A whole object of three sections. */
struct image {
	Elf64_Ehdr ehdr;
	struct note_header header;
	struct note_symbol symbols[2];
	struct note_field field;
	struct note_static other;
	char strings[sizeof(STRINGS)];
	char names[sizeof(NAMES)];
	_Alignas(8) Elf64_Shdr sections[3];
};

static const struct image sound = {
	.ehdr = {
		.e_ident = "\177ELF\2\1\1",
		.e_type = ET_REL,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_shoff = offsetof(struct image, sections),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3,
		.e_shstrndx = 2,
	},
	.header = {
		.magic = NOTE_MAGIC,
		.format = NOTE_FORMAT,
		.n_symbols = 2,
		.n_fields = 1,
		.n_statics = 1,
		.strings_size = sizeof(STRINGS),
		.kind = 1,
		.version = 3,
		.name = STRING_PROBE,
		.summary = STRING_SUMMARY,
		.state_symbol = STRING_STATE,
		.state_reason = STRING_REASON,
		.state_size = 8,
		.state_hash = 77,
	},
	.symbols = {
		{ .name = STRING_WORK, .kind = NOTE_PROVIDES_FUNCTION, .type_hash = 5 },
		{ .name = STRING_INT, .kind = NOTE_TYPE_LAYOUT, .type_hash = 6 },
	},
	.field = { .name = STRING_WORK, .type = STRING_INT, .offset = 4, .size = 4 },
	.other = { .name = STRING_WORK, .section = STRING_INT, .size = 4 },
	.strings = STRINGS,
	.names = NAMES,
	.sections = {
		[1] = {
			.sh_name = 1,
			.sh_type = SHT_PROGBITS,
			.sh_offset = offsetof(struct image, header),
			.sh_size = offsetof(struct image, names) - offsetof(struct image, header),
			.sh_addralign = 8,
		},
		[2] = {
			.sh_name = 12,
			.sh_type = SHT_STRTAB,
			.sh_offset = offsetof(struct image, names),
			.sh_size = sizeof(NAMES),
			.sh_addralign = 1,
		},
	},
};

/* One place of the image, and what is said when it holds `value`. */
struct fault {
	size_t offset;
	size_t size;
	uint64_t value;
	const char *what;
};

#define PLACE(member) offsetof(struct image, member), sizeof(((struct image *)0)->member)

static const struct fault faults[] = {
	{ PLACE(header.magic), 0x6e6f7465, "bad magic" },
	{ PLACE(header.format), 0, "unknown format" },
	{ PLACE(header.format), 2, "unknown format" },
	{ PLACE(header.n_symbols), UINT32_MAX, "symbols leave the section" },
	{ PLACE(header.n_symbols), 16, "symbols leave the section" },
	{ PLACE(header.n_symbols), 1, "strings do not end the section" },
	{ PLACE(header.n_fields), UINT32_MAX, "fields leave the section" },
	{ PLACE(header.n_statics), UINT32_MAX, "statics leave the section" },
	{ PLACE(header.n_statics), 0, "strings do not end the section" },
	{ PLACE(header.strings_size), 0, "strings do not end the section" },
	{ PLACE(header.strings_size), sizeof(STRINGS) - 1, "strings do not end the section" },
	{ PLACE(header.strings_size), sizeof(STRINGS) + 1, "strings do not end the section" },
	{ PLACE(header.strings_size), UINT32_MAX, "strings do not end the section" },
	{ PLACE(strings[0]), 'x', "strings without first and last zero" },
	{ PLACE(strings[STRING_END - 1]), 'x', "strings without first and last zero" },
	{ PLACE(header.name), STRING_END, "string out of range" },
	{ PLACE(header.summary), STRING_END, "string out of range" },
	{ PLACE(header.state_symbol), STRING_END, "string out of range" },
	{ PLACE(header.state_reason), UINT32_MAX, "string out of range" },
	{ PLACE(header.kind), 0, "unknown kind of cell" },
	{ PLACE(header.kind), 3, "unknown kind of cell" },
	{ PLACE(header.version), 0, "bad version" },
	{ PLACE(header.name), STRING_EMPTY, "bad name of a cell" },
	{ PLACE(header.name), STRING_SUMMARY, "bad name of a cell" },
	{ PLACE(header.name), STRING_TOO_LONG, "bad name of a cell" },
	{ PLACE(strings[STRING_PROBE]), 'P', "bad name of a cell" },
	{ PLACE(header.state_symbol), STRING_EMPTY, "state without a symbol" },
	{ PLACE(header.state_symbol), STRING_WORK, "state symbol of another name" },
	{ PLACE(header.state_symbol), STRING_REASON, "state symbol of another name" },
	{ PLACE(header.state_size), 0, "state without size or hash" },
	{ PLACE(header.state_hash), 0, "state without size or hash" },
	{ PLACE(symbols[1].name), STRING_END, "string out of range" },
	{ PLACE(symbols[1].name), STRING_EMPTY, "symbol without a name" },
	{ PLACE(symbols[1].kind), 0, "unknown kind of symbol" },
	{ PLACE(symbols[1].kind), 7, "unknown kind of symbol" },
	{ PLACE(field.name), STRING_END, "string out of range" },
	{ PLACE(field.type), STRING_END, "string out of range" },
	{ PLACE(field.offset), 5, "field leaves the state" },
	{ PLACE(field.size), 5, "field leaves the state" },
	{ PLACE(field.size), UINT64_MAX, "field leaves the state" },
	{ PLACE(other.name), STRING_END, "string out of range" },
	{ PLACE(other.section), STRING_END, "string out of range" },
	{ PLACE(sections[1].sh_size), 0, "truncated header" },
	{ PLACE(sections[1].sh_size), sizeof(struct note_header) - 1, "truncated header" },
	{ PLACE(sections[1].sh_size), sizeof(struct note_header), "symbols leave the section" },
	{ PLACE(sections[1].sh_type), SHT_NOBITS, "section without contents" },
	{ PLACE(sections[2].sh_name), 1, "section appears twice" },
};

static int read_image(const struct image *image, struct note *ret, struct diag *reterr)
{
	static struct elf elf; /* the note borrows from the image, not from here */

	ck_assert_int_eq(elf_open(&elf, "probe.o", image, sizeof(*image), reterr), 0);
	return note_read(&elf, ret, reterr);
}

START_TEST(a_note_that_is_wrong_in_one_place_is_refused_for_it)
{
	const struct fault *fault = &faults[_i];
	struct image image = sound;
	struct diag diag = { 0 };
	struct note note = { .strings = "untouched" };

	memcpy((char *)&image + fault->offset, &fault->value, fault->size);
	ck_assert_int_eq(read_image(&image, &note, &diag), -EBADMSG);
	ck_assert_str_eq(diag.what, fault->what);
	ck_assert_str_eq(diag.cell, "probe.o");
	ck_assert_str_eq(diag.section, NOTE_SECTION);
	ck_assert_str_eq(note.strings, "untouched");
}
END_TEST

START_TEST(a_sound_note_is_read)
{
	struct diag diag;
	struct note note;

	ck_assert_int_eq(read_image(&sound, &note, &diag), 0);
	ck_assert_uint_eq(note.header->version, 3);
	ck_assert_str_eq(note_string(&note, note.header->name), "probe");
	ck_assert_str_eq(note_string(&note, note.header->state_symbol), "probe_state");
	ck_assert_uint_eq(note.fields[0].offset, 4);
	ck_assert_uint_eq(note.statics[0].size, 4);
}
END_TEST

START_TEST(a_symbol_is_found_by_name_and_kind)
{
	struct diag diag;
	struct note note;

	ck_assert_int_eq(read_image(&sound, &note, &diag), 0);
	ck_assert_uint_eq(note_find(&note, "probe_work", NOTE_PROVIDES_FUNCTION)->type_hash, 5);
	ck_assert_ptr_null(note_find(&note, "probe_work", NOTE_NEEDS_FUNCTION));
	ck_assert_ptr_null(note_find(&note, "probe", NOTE_PROVIDES_FUNCTION));
}
END_TEST

START_TEST(an_object_without_a_note_is_foreign)
{
	struct image image = sound;
	struct note note = { .strings = "untouched" };
	struct diag diag;

	image.names[2] = 'k';
	ck_assert_int_eq(read_image(&image, &note, &diag), NOTE_E_FOREIGN);
	ck_assert_str_eq(note.strings, "untouched");
}
END_TEST

START_TEST(a_cell_without_state_is_read)
{
	struct image image = sound;
	struct diag diag;
	struct note note;

	image.header.state_symbol = image.header.state_reason = STRING_EMPTY;
	image.header.state_size = image.header.state_hash = 0;
	image.header.n_fields = 0;
	image.header.n_statics = 3; /* the same 48 bytes */
	memset(&image.field, 0, sizeof(image.field));
	ck_assert_int_eq(read_image(&image, &note, &diag), 0);
	ck_assert_str_eq(note_string(&note, note.header->state_symbol), "");
	image.header.name = STRING_LONGEST;
	ck_assert_uint_eq(strlen(image.strings + STRING_LONGEST), CELL_NAME_MAX - 1);
	ck_assert_int_eq(read_image(&image, &note, &diag), 0);
}
END_TEST

/* ELF allows any offset when sh_addralign is 1; the note's words need 8. */
START_TEST(a_misaligned_note_is_refused)
{
	struct image image = sound;
	struct diag diag = { 0 };
	struct note note;

	image.sections[1].sh_addralign = 1;
	image.sections[1].sh_offset += 4;
	image.sections[1].sh_size -= 4;
	ck_assert_int_eq(read_image(&image, &note, &diag), -EBADMSG);
	ck_assert_str_eq(diag.what, "section misaligned");
}
END_TEST

/* Whatever the note says, what the accessors give lies in its own bytes. */
static void touch(const struct note *note)
{
	const struct note_header *header = note->header;
	size_t touched = strlen(note_string(note, header->name));

	for (uint32_t i = 0; i < header->n_symbols; i++)
		touched += strlen(note_string(note, note->symbols[i].name));
	for (uint32_t i = 0; i < header->n_fields; i++)
		touched += strlen(note_string(note, note->fields[i].type));
	for (uint32_t i = 0; i < header->n_statics; i++)
		touched += strlen(note_string(note, note->statics[i].section));
	ck_assert_uint_lt(touched, 1000);
}

/* In memory of its exact size, so that a sanitizer or Valgrind sees a byte too far. */
START_TEST(no_change_of_one_word_leads_outside_the_note)
{
	const size_t begin = offsetof(struct image, header);
	const size_t end = offsetof(struct image, names) - sizeof(uint32_t) + 1;
	static const uint32_t values[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
	struct image *image = malloc(sizeof(*image));
	size_t n_read = 0;

	ck_assert_ptr_nonnull(image);
	for (size_t i = 0; i < (end - begin) * 5; i++) {
		struct diag diag = { 0 };
		struct note note;

		*image = sound;
		memcpy((char *)image + begin + i / 5, &values[i % 5], sizeof(values[0]));
		if (read_image(image, &note, &diag) != 0)
			continue;
		touch(&note);
		n_read++;
	}
	ck_assert_uint_gt(n_read, 0);
	free(image);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("note");
	TCase *tests = tcase_create("note");

	tcase_add_loop_test(tests, a_note_that_is_wrong_in_one_place_is_refused_for_it, 0,
			    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tests, a_sound_note_is_read);
	tcase_add_test(tests, a_symbol_is_found_by_name_and_kind);
	tcase_add_test(tests, an_object_without_a_note_is_foreign);
	tcase_add_test(tests, a_cell_without_state_is_read);
	tcase_add_test(tests, a_misaligned_note_is_refused);
	tcase_add_test(tests, no_change_of_one_word_leads_outside_the_note);
	suite_add_tcase(suite, tests);
	return tap_run(suite);
}
