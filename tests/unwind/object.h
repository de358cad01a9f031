/* SPDX-License-Identifier: MIT */
/*
 * The unwind tables of a relocatable object, as a linker would leave them.
 *
 * A copy of the file is where the object is "loaded": each section is at the
 * place of its contents, and .eh_frame and .gcc_except_table* are relocated
 * there.  The relocating is this file's own, so that src/link has no part in
 * what src/unwind is compared on; code stays as it is and never runs.
 * Host only.
 */
#ifndef TESTS_UNWIND_OBJECT_H
#define TESTS_UNWIND_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "unwind/unwind.h"

struct object {
	const char *name;     /* borrowed */
	uint8_t *bytes;	      /* below 4 GiB: foreign objects have 32-bit addresses */
	size_t size;	      /* of the file */
	size_t mapped;	      /* with what follows it */
	uint8_t *eh_frame;    /* all of the object's, one after another; NULL: none */
	size_t eh_frame_size; /* with the terminator */
	struct unwind_entry *entries;
	size_t n_entries;
};

/*
 * The bytes are copied.  -EBADMSG: src/unwind refuses the tables, the diag says
 * where and why; the object is there, without entries.  Exits when the tables
 * cannot be relocated.
 */
MUST_USE int object_load(struct object *ret, const char *name, const void *bytes, size_t size,
			 struct diag *reterr);
void object_unload(struct object *object);

/* Whether [address, address + 8) is in the object's memory. */
int object_has_word(const struct object *object, uint64_t address);

#endif
