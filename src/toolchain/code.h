/* SPDX-License-Identifier: MIT */
/* Functions whose address the cell takes. */
#ifndef TOOLCHAIN_CODE_H
#define TOOLCHAIN_CODE_H

#include "object.h"
#include "output.h"
#include "records.h"
#include "types.h"

/*
 * Records hidden and static functions whose address is taken, and adds the
 * relocation that the assembler leaves out where a function takes its own:
 * without it the linker could not make that address an entry.
 */
void code_record(struct object *object, const struct types *types, struct records *records,
		 struct additions *additions);

#endif
