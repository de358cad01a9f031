/* SPDX-License-Identifier: MIT */
/*
 * Types as text, read from DWARF.
 *
 * The canonical spelling holds what two separately compiled sides must agree
 * on.  It leaves out typedef names, parameter names, attributes and the
 * qualifiers of parameters themselves; it names struct, union and enum by tag
 * (by typedef where there is no tag), so that what is behind a pointer may
 * change.  Integers are signedness and size: long is long long.
 */
#ifndef TOOLCHAIN_SPELLING_H
#define TOOLCHAIN_SPELLING_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
	char *bytes; /* zero terminated; NULL while empty */
	size_t length;
	size_t capacity;
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);

enum spelling_depth {
	SPELLING_BY_TAG, /* struct x */
	SPELLING_DEEP,	 /* struct x with its members, and theirs; pointers still by tag */
};

/* A function or variable. */
void spell_declaration(struct text *text, Dwarf_Die *declaration);
/* A type; NULL is void. */
void spell_type(struct text *text, Dwarf_Die *type, enum spelling_depth depth);
/* The name that a struct, union or enum has in the spelling; nothing: it has none. */
void spell_tag_name(struct text *text, Dwarf_Die *type);
/* The members of a complete struct, union or enum, one level. */
void spell_layout(struct text *text, Dwarf_Die *tag);
/* As C declares it, for people: "struct x *", "char[8]". */
void spell_c(struct text *text, Dwarf_Die *type);

/* The type of a DIE; NULL: it has none, which is void. */
Dwarf_Die *die_type(Dwarf_Die *die, Dwarf_Die *ret);
/* The type below typedefs and qualifiers; NULL: void. */
Dwarf_Die *die_bare_type(Dwarf_Die *die, Dwarf_Die *ret);
/* 0 when it has none. */
uint64_t die_number(Dwarf_Die *die, unsigned int attribute);
bool die_has(Dwarf_Die *die, unsigned int attribute);
/* Elements of an array DIE; 0: no bound. */
uint64_t die_array_count(Dwarf_Die *array);

#endif
