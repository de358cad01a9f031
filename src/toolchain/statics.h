/* SPDX-License-Identifier: MIT */
/* The statics of a cell: one declared state, and names that say which is which. */
#ifndef TOOLCHAIN_STATICS_H
#define TOOLCHAIN_STATICS_H

#include "object.h"

/* Refuses every mutable static but the state (NULL: the cell has none). */
void statics_check_mutable(struct object *object, const struct symbol *state);
/* Refuses two statics of one (file, name), which a swap could not tell apart. */
void statics_check_names(struct object *object);

#endif
