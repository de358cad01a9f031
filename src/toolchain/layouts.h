/* SPDX-License-Identifier: MIT */
/* Layout hashes of the complete tags that the cell shares with others. */
#ifndef TOOLCHAIN_LAYOUTS_H
#define TOOLCHAIN_LAYOUTS_H

#include "object.h"
#include "records.h"
#include "types.h"

/*
 * Records every struct, union and enum that an import, an export or the state
 * (NULL: none) leads to, through pointers too, and that is complete here.  One
 * hash a tag, so that a side that knows a tag by name only is not compared.
 */
void layouts_record(const struct object *object, const struct types *types,
		    const struct symbol *state, struct records *records);

#endif
