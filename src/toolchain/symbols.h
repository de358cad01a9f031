/* SPDX-License-Identifier: MIT */
/* What the cell provides to others and needs from them. */
#ifndef TOOLCHAIN_SYMBOLS_H
#define TOOLCHAIN_SYMBOLS_H

#include "object.h"
#include "records.h"
#include "types.h"

void symbols_record(struct object *object, const struct types *types, struct records *records);

#endif
