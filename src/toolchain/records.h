/* SPDX-License-Identifier: MIT */
/*
 * The note of a cell while it is put together; link/note.h is its form on disk.
 */
#ifndef TOOLCHAIN_RECORDS_H
#define TOOLCHAIN_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "link/note.h"

struct records {
	struct note_header header;
	struct note_symbol *symbols;
	size_t symbol_capacity;
	struct note_field *fields;
	size_t field_capacity;
	char *strings;
	size_t string_capacity;
};

void records_init(struct records *records);
void records_deinit(struct records *records);

/* The offset of a copy of the text; equal texts share one. */
uint32_t records_string(struct records *records, const char *text);
/* A second record of the same name and kind is dropped. */
void records_add_symbol(struct records *records, const char *name, enum note_symbol_kind kind,
			uint64_t type_hash);
void records_add_field(struct records *records, const char *name, const char *type,
		       const struct note_field *field);
/* The contents of the section, symbols by kind and name; the caller frees them. */
uint8_t *records_pack(struct records *records, size_t *ret_size);

#endif
