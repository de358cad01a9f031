/* SPDX-License-Identifier: MIT */
/*
 * What a cell's state consists of, kept so that a refusal can name the field
 * in which another version's state differs.
 */
#include "load.h"

#include "base/format.h"
#include "base/string.h"

static const char *copy_text(char **at, const char *text)
{
	size_t length = string_length(text) + 1;
	char *copy = *at;

	memcpy(copy, text, length);
	*at += length;
	return copy;
}

int fields_record(struct transaction *transaction, struct loading *loading)
{
	const struct note *note = &loading->note;
	struct link_cell *cell = loading->cell;
	size_t bytes = 0;
	char *at;

	if (loading->is_foreign || !loading->is_new_cell || note->header->n_fields == 0)
		return 0;
	for (uint32_t i = 0; i < note->header->n_fields; i++)
		bytes += string_length(note_string(note, note->fields[i].name)) +
			 string_length(note_string(note, note->fields[i].type)) + 2;
	cell->fields = heap_alloc(note->header->n_fields * sizeof(*cell->fields) + bytes);
	if (!cell->fields)
		return transaction_out_of_memory(transaction, cell->name, "the state's fields");
	at = (char *)(cell->fields + note->header->n_fields);
	for (uint32_t i = 0; i < note->header->n_fields; i++) {
		const struct note_field *field = &note->fields[i];

		cell->fields[cell->n_fields++] = (struct link_field){
			.name = copy_text(&at, note_string(note, field->name)),
			.type = copy_text(&at, note_string(note, field->type)),
			.offset = field->offset,
			.size = field->size,
			.type_hash = field->type_hash,
		};
	}
	return 0;
}

static struct link_field field_of(const struct note *note, uint32_t i)
{
	const struct note_field *field = &note->fields[i];

	return (struct link_field){
		.name = note_string(note, field->name),
		.type = note_string(note, field->type),
		.offset = field->offset,
		.size = field->size,
		.type_hash = field->type_hash,
	};
}

static bool is_same(const struct link_field *a, const struct link_field *b)
{
	return a->offset == b->offset && a->size == b->size && a->type_hash == b->type_hash &&
	       string_equal(a->name, b->name);
}

static void describe(char *to, size_t size, const struct link_field *field)
{
	if (field)
		format_text(to, size, "%s: %s at %lu, %lu bytes", field->name, field->type,
			    field->offset, field->size);
	else
		string_copy(to, size, "no further field");
}

bool fields_difference(const struct link_cell *cell, const struct note *note, char *expected,
		       char *found, size_t size)
{
	uint32_t n_found = note->header->n_fields;

	for (uint32_t i = 0; i < cell->n_fields || i < n_found; i++) {
		const struct link_field *before = i < cell->n_fields ? &cell->fields[i] : NULL;
		struct link_field after = { 0 };

		if (i < n_found)
			after = field_of(note, i);
		if (before && i < n_found && is_same(before, &after))
			continue;
		describe(expected, size, before);
		describe(found, size, i < n_found ? &after : NULL);
		return true;
	}
	return false;
}
