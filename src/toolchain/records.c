/* SPDX-License-Identifier: MIT */
/* Putting the note together; see records.h. */
#define _GNU_SOURCE /* qsort_r */
#include "records.h"

#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

void records_init(struct records *records)
{
	*records = (struct records){
		.header = { .magic = NOTE_MAGIC, .format = NOTE_FORMAT, .strings_size = 1 },
		.strings = object_allocate(64, 1),
		.string_capacity = 64,
	};
}

void records_deinit(struct records *records)
{
	free(records->symbols);
	free(records->fields);
	free(records->strings);
}

uint32_t records_string(struct records *records, const char *text)
{
	uint32_t *end = &records->header.strings_size;
	size_t size = strlen(text) + 1;
	uint32_t at;

	for (at = 0; at < *end; at += strlen(records->strings + at) + 1)
		if (strcmp(records->strings + at, text) == 0)
			return at;
	while (*end + size > records->string_capacity)
		records->strings = object_grow(records->strings, records->string_capacity,
					       &records->string_capacity, 1);
	memcpy(records->strings + *end, text, size);
	*end += size;
	return at;
}

static bool has_symbol(const struct records *records, uint32_t name, uint32_t kind)
{
	for (uint32_t i = 0; i < records->header.n_symbols; i++)
		if (records->symbols[i].name == name && records->symbols[i].kind == kind)
			return true;
	return false;
}

void records_add_symbol(struct records *records, const char *name, enum note_symbol_kind kind,
			uint64_t type_hash)
{
	uint32_t string = records_string(records, name);
	uint32_t *count = &records->header.n_symbols;

	if (has_symbol(records, string, kind))
		return;
	records->symbols = object_grow(records->symbols, *count, &records->symbol_capacity,
				       sizeof(*records->symbols));
	records->symbols[(*count)++] = (struct note_symbol){
		.name = string,
		.kind = kind,
		.type_hash = type_hash,
	};
}

void records_add_field(struct records *records, const char *name, const char *type,
		       const struct note_field *field)
{
	uint32_t *count = &records->header.n_fields;

	records->fields = object_grow(records->fields, *count, &records->field_capacity,
				      sizeof(*records->fields));
	records->fields[*count] = *field;
	records->fields[*count].name = records_string(records, name);
	records->fields[*count].type = records_string(records, type);
	(*count)++;
}

static uint8_t *append(uint8_t *to, const void *bytes, size_t size)
{
	if (size)
		memcpy(to, bytes, size);
	return to + size;
}

static int compare_symbols(const void *a, const void *b, void *strings)
{
	const struct note_symbol *one = a, *two = b;

	if (one->kind != two->kind)
		return one->kind < two->kind ? -1 : 1;
	/* Exports as they were added, which is how the object has them. */
	if (one->kind <= NOTE_PROVIDES_DATA)
		return one->name < two->name ? -1 : 1;
	return strcmp((char *)strings + one->name, (char *)strings + two->name);
}

uint8_t *records_pack(struct records *records, size_t *ret_size)
{
	const struct note_header *header = &records->header;
	size_t symbols = header->n_symbols * sizeof(*records->symbols);
	size_t fields = header->n_fields * sizeof(*records->fields);
	size_t size = sizeof(*header) + symbols + fields + header->strings_size;
	uint8_t *bytes = object_allocate(size, 1);
	uint8_t *at = bytes;

	if (symbols)
		qsort_r(records->symbols, header->n_symbols, sizeof(*records->symbols),
			compare_symbols, records->strings);
	at = append(at, header, sizeof(*header));
	at = append(at, records->symbols, symbols);
	at = append(at, records->fields, fields);
	append(at, records->strings, header->strings_size);
	*ret_size = size;
	return bytes;
}
