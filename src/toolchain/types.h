/* SPDX-License-Identifier: MIT */
/*
 * What the DWARF of the object says about its functions, data and types.
 *
 * The hash of a declaration is the hash of its canonical spelling (spelling.h):
 * equal exactly when a caller compiled against one may be bound to the other.
 */
#ifndef TOOLCHAIN_TYPES_H
#define TOOLCHAIN_TYPES_H

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object.h"
#include "records.h"

struct declaration {
	const char *name;
	const char *file; /* base name of the compilation unit's source */
	bool is_external;
	bool is_function;
	Dwarf_Die die;
};

struct types {
	Dwfl *dwfl;
	struct declaration *declarations;
	size_t n_declarations;
	size_t capacity;
};

/* Refuses an object without DWARF. */
void types_open(struct types *ret, struct object *object);
void types_close(struct types *types);

/* The declaration of this symbol after `previous`, NULL for the first; NULL: no more. */
const struct declaration *types_next(const struct types *types, const struct symbol *symbol,
				     const struct declaration *previous);
/* NULL: the DWARF does not speak of this symbol (assembly, compiler-made calls). */
const struct declaration *types_find(const struct types *types, const struct symbol *symbol);
/* 0: unknown.  Refuses an external name that is declared with two types. */
uint64_t types_hash(const struct types *types, struct object *object, const struct symbol *symbol);
/* Size, layout hash and fields of the state go to the records. */
void types_record_state(const struct types *types, struct object *object,
			const struct symbol *symbol, struct records *records);

#endif
