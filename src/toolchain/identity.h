/* SPDX-License-Identifier: MIT */
/* Who the cell is: the descriptor of CELL() and the symbol of CELL_STATE(). */
#ifndef TOOLCHAIN_IDENTITY_H
#define TOOLCHAIN_IDENTITY_H

#include "object.h"
#include "records.h"

/* Refuses an object without exactly one valid descriptor. */
void identity_record(struct object *object, struct records *records);
/* The state of the cell that the records name; NULL: it has none. */
const struct symbol *identity_record_state(struct object *object, struct records *records);

#endif
