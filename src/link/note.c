/* SPDX-License-Identifier: MIT */
/*
 * Reader of the section .clew.note: trusts no count, no offset, no string.
 *
 * It checks form only; whether an object does what its note says is for the
 * linker (link.c) to find out.  Freestanding, allocates nothing.
 */
#include "link/note.h"

#include <stdbool.h>
#include <stddef.h>

#include <clew/cell.h>
#include <clew/diag.h>
#include <clew/errors.h>

#include "base/format.h"
#include "base/string.h"
#include "elf/elf.h"

struct reader {
	const struct elf *elf;
	const uint8_t *bytes;
	size_t size;
	uint64_t at; /* bytes taken so far */
	struct diag *diag;
};

static int refuse(struct reader *reader, const void *where, const char *what, const char *expected)
{
	struct diag *diag = reader->diag;

	*diag = (struct diag){ .offset = DIAG_NO_OFFSET };
	if (where)
		diag->offset = (uint64_t)((const uint8_t *)where - reader->bytes);
	string_copy(diag->cell, sizeof(diag->cell), reader->elf->name);
	string_copy(diag->section, sizeof(diag->section), NOTE_SECTION);
	string_copy(diag->what, sizeof(diag->what), what);
	string_copy(diag->expected, sizeof(diag->expected), expected);
	return -EBADMSG;
}

static int refuse_number(struct reader *reader, const void *where, const char *what,
			 const char *expected, uint64_t found)
{
	int r = refuse(reader, where, what, expected);

	format_text(reader->diag->found, sizeof(reader->diag->found), "%llu",
		    (unsigned long long)found);
	return r;
}

/* The next `count` records of `size` bytes; NULL when the section ends before. */
static const void *take(struct reader *reader, uint64_t count, uint64_t size)
{
	const uint8_t *taken = reader->bytes + reader->at;
	uint64_t bytes, end;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	if (__builtin_add_overflow(reader->at, bytes, &end) || end > reader->size)
		return NULL;
	reader->at = end;
	return taken;
}

static bool is_name(const char *name)
{
	size_t length = string_length_max(name, CELL_NAME_MAX);

	if (length == 0 || length == CELL_NAME_MAX)
		return false;
	for (; *name; name++) {
		bool letter = *name >= 'a' && *name <= 'z';
		bool digit = *name >= '0' && *name <= '9';

		if (!letter && !digit && *name != '_')
			return false;
	}
	return true;
}

static int find(struct reader *reader)
{
	uint32_t found = 0;

	for (uint32_t i = 1; i < reader->elf->n_sections; i++) {
		if (!string_equal(elf_section_name(reader->elf, i), NOTE_SECTION))
			continue;
		if (found)
			return refuse(reader, NULL, "section appears twice", "one");
		found = i;
	}
	if (!found)
		return NOTE_E_FOREIGN;
	reader->bytes = elf_section_data(reader->elf, found);
	reader->size = reader->elf->sections[found].sh_size;
	if (!reader->bytes)
		return refuse(reader, NULL, "section without contents", "SHT_PROGBITS");
	if ((uintptr_t)reader->bytes % _Alignof(struct note_header))
		return refuse(reader, NULL, "section misaligned", "a multiple of 8");
	return 0;
}

static int read_tables(struct reader *reader, struct note *note)
{
	const struct note_header *header = take(reader, 1, sizeof(*header));

	if (!header)
		return refuse_number(reader, reader->bytes, "truncated header", "64 bytes or more",
				     reader->size);
	if (header->magic != NOTE_MAGIC)
		return refuse_number(reader, &header->magic, "bad magic", "\"note\"",
				     header->magic);
	if (header->format != NOTE_FORMAT)
		return refuse_number(reader, &header->format, "unknown format", "1",
				     header->format);
	note->header = header;
	note->symbols = take(reader, header->n_symbols, sizeof(*note->symbols));
	if (!note->symbols)
		return refuse_number(reader, &header->n_symbols, "symbols leave the section",
				     "a count that fits", header->n_symbols);
	note->fields = take(reader, header->n_fields, sizeof(*note->fields));
	if (!note->fields)
		return refuse_number(reader, &header->n_fields, "fields leave the section",
				     "a count that fits", header->n_fields);
	note->statics = take(reader, header->n_statics, sizeof(*note->statics));
	if (!note->statics)
		return refuse_number(reader, &header->n_statics, "statics leave the section",
				     "a count that fits", header->n_statics);
	note->strings = take(reader, header->strings_size, 1);
	if (!note->strings || reader->at != reader->size)
		return refuse_number(reader, &header->strings_size,
				     "strings do not end the section", "the size that is left",
				     header->strings_size);
	if (header->strings_size == 0 || note->strings[0] != 0 ||
	    note->strings[header->strings_size - 1] != 0)
		return refuse(reader, note->strings, "strings without first and last zero", "zero");
	return 0;
}

static int check_string(struct reader *reader, const struct note *note, const uint32_t *string)
{
	if (*string < note->header->strings_size)
		return 0;
	return refuse_number(reader, string, "string out of range", "an offset into the strings",
			     *string);
}

static int check_state(struct reader *reader, const struct note *note)
{
	const struct note_header *header = note->header;
	const char *symbol = note_string(note, header->state_symbol);
	const char *name = note_string(note, header->name);
	size_t length = string_length(name);

	if (*symbol == 0) {
		if (header->state_size || header->state_hash || header->n_fields)
			return refuse(reader, &header->state_symbol, "state without a symbol",
				      "no size, hash or fields");
		return 0;
	}
	if (!string_starts(symbol, name) || !string_equal(symbol + length, "_state"))
		return refuse(reader, &header->state_symbol, "state symbol of another name",
			      "<name>_state");
	if (header->state_size == 0 || header->state_hash == 0)
		return refuse(reader, &header->state_size, "state without size or hash", "both");
	return 0;
}

static int check_header(struct reader *reader, const struct note *note)
{
	const struct note_header *header = note->header;
	const uint32_t *strings[] = { &header->name, &header->summary, &header->state_symbol,
				      &header->state_reason };

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		int r = check_string(reader, note, strings[i]);

		if (r)
			return r;
	}
	if (header->kind != CELL_SERVICE && header->kind != CELL_APPLICATION)
		return refuse_number(reader, &header->kind, "unknown kind of cell", "1 or 2",
				     header->kind);
	if (header->version == 0)
		return refuse_number(reader, &header->version, "bad version", "1 or more", 0);
	if (!is_name(note_string(note, header->name)))
		return refuse(reader, &header->name, "bad name of a cell",
			      "1 to 31 of a-z, 0-9 and _");
	return check_state(reader, note);
}

static int check_symbols(struct reader *reader, const struct note *note)
{
	for (uint32_t i = 0; i < note->header->n_symbols; i++) {
		const struct note_symbol *symbol = &note->symbols[i];
		int r = check_string(reader, note, &symbol->name);

		if (r)
			return r;
		if (symbol->kind < NOTE_PROVIDES_FUNCTION || symbol->kind > NOTE_TYPE_LAYOUT)
			return refuse_number(reader, &symbol->kind, "unknown kind of symbol",
					     "1 to 6", symbol->kind);
		if (*note_string(note, symbol->name) == 0)
			return refuse(reader, &symbol->name, "symbol without a name", "a name");
	}
	return 0;
}

static int check_fields(struct reader *reader, const struct note *note)
{
	for (uint32_t i = 0; i < note->header->n_fields; i++) {
		const struct note_field *field = &note->fields[i];
		uint64_t end;
		int r = check_string(reader, note, &field->name);

		if (!r)
			r = check_string(reader, note, &field->type);
		if (r)
			return r;
		if (__builtin_add_overflow(field->offset, field->size, &end) ||
		    end > note->header->state_size)
			return refuse_number(reader, &field->offset, "field leaves the state",
					     "an end inside the state", end);
	}
	return 0;
}

static int check_statics(struct reader *reader, const struct note *note)
{
	for (uint32_t i = 0; i < note->header->n_statics; i++) {
		int r = check_string(reader, note, &note->statics[i].name);

		if (!r)
			r = check_string(reader, note, &note->statics[i].section);
		if (r)
			return r;
	}
	return 0;
}

int note_read(const struct elf *elf, struct note *ret, struct diag *reterr)
{
	struct reader reader = { .elf = elf, .diag = reterr };
	struct note note;
	int r = find(&reader);

	if (!r)
		r = read_tables(&reader, &note);
	if (!r)
		r = check_header(&reader, &note);
	if (!r)
		r = check_symbols(&reader, &note);
	if (!r)
		r = check_fields(&reader, &note);
	if (!r)
		r = check_statics(&reader, &note);
	if (r)
		return r;
	*ret = note;
	return 0;
}

const char *note_string(const struct note *note, uint32_t string)
{
	return note->strings + string;
}

const struct note_symbol *note_find(const struct note *note, const char *name,
				    enum note_symbol_kind kind)
{
	for (uint32_t i = 0; i < note->header->n_symbols; i++) {
		const struct note_symbol *symbol = &note->symbols[i];

		if (symbol->kind == (uint32_t)kind &&
		    string_equal(note_string(note, symbol->name), name))
			return symbol;
	}
	return NULL;
}
