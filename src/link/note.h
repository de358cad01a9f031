/* SPDX-License-Identifier: MIT */
/*
 * What cellc records about a cell, in the section .clew.note of its object.
 *
 * Little endian, packed in this order: header, symbols, fields, statics,
 * strings (zero terminated, string 0 is the empty one).  Written by
 * src/toolchain, read by src/link; the reader trusts no count and no offset.
 */
#ifndef LINK_NOTE_H
#define LINK_NOTE_H

#include <stdint.h>

#define NOTE_SECTION ".clew.note"
#define SIDE_FILE_SECTION ".clew.cell" /* of a side file: SHA-256 of the cell's object */
#define NOTE_MAGIC 0x65746f6eu
#define NOTE_FORMAT 1

struct note_header {
	uint32_t magic;
	uint32_t format;
	uint32_t n_symbols;
	uint32_t n_fields;
	uint32_t n_statics;
	uint32_t strings_size; /* bytes */
	uint32_t kind;	       /* enum cell_kind */
	uint32_t version;
	uint32_t name;	       /* string: the cell's identity */
	uint32_t summary;      /* string */
	uint32_t state_symbol; /* string; empty: no state */
	uint32_t state_reason; /* string */
	uint64_t state_size;   /* bytes */
	uint64_t state_hash;   /* of the DWARF layout; 0: no state */
};

enum note_symbol_kind {
	NOTE_PROVIDES_FUNCTION = 1,
	NOTE_PROVIDES_DATA = 2,
	NOTE_NEEDS_FUNCTION = 3,
	NOTE_NEEDS_DATA = 4,
	NOTE_ADDRESS_TAKEN = 5, /* hidden or static function whose address is taken */
	NOTE_TYPE_LAYOUT = 6,	/* complete tag, "struct x": compared where both sides have it */
};

struct note_symbol {
	uint32_t name;	    /* string; of a static function: "file.c:name" */
	uint32_t kind;	    /* enum note_symbol_kind */
	uint64_t type_hash; /* 0: unknown, is not compared */
};

/* A member of the state, nested members flattened with dots and [i] left out. */
struct note_field {
	uint32_t name;
	uint32_t type; /* string: the type as C spells it */
	uint64_t offset;
	uint64_t size;
	uint64_t type_hash;
};

/* A mutable static other than the state: cellc refuses them, foreign objects have them. */
struct note_static {
	uint32_t name;
	uint32_t section; /* string */
	uint64_t size;
};

struct elf;
struct diag;

/* A checked note: every count, offset and string lies inside.  Borrows the object's bytes. */
struct note {
	const struct note_header *header;
	const struct note_symbol *symbols; /* header->n_symbols */
	const struct note_field *fields;
	const struct note_static *statics;
	const char *strings;
};

/* The object has no NOTE_SECTION: it is foreign. */
#define NOTE_E_FOREIGN 1

/* -EBADMSG with *reterr filled, or NOTE_E_FOREIGN. */
__attribute__((warn_unused_result)) int note_read(const struct elf *elf, struct note *ret,
						  struct diag *reterr);

/* `string` is one of the note's own string members. */
const char *note_string(const struct note *note, uint32_t string);
/* NULL: the note has no symbol of this name and kind. */
const struct note_symbol *note_find(const struct note *note, const char *name,
				    enum note_symbol_kind kind);

#endif
