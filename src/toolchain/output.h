/* SPDX-License-Identifier: MIT */
/*
 * Writing the two files that become of the object: the cell without DWARF but
 * with its note, and the side file with the DWARF but without the contents.
 */
#ifndef TOOLCHAIN_OUTPUT_H
#define TOOLCHAIN_OUTPUT_H

#include "object.h"

/* A relocation that the assembler did not write. */
struct addition {
	size_t section; /* that it applies to */
	Elf64_Rela rela;
};

struct additions {
	struct addition *items; /* ascending by section, then r_offset */
	size_t count;
	size_t capacity;
};

void output_cell(const struct object *object, const struct additions *additions,
		 const uint8_t *note, size_t note_size, const char *path);
/*
 * As `objcopy --only-keep-debug` does: sections keep number and name, allocated ones lose bytes.
 * Behind them SIDE_FILE_SECTION, with the SHA-256 of the cell, which is written already: so the
 * cell does not depend on its side file, which knows the folder it was compiled in.
 */
void output_debug(const struct object *object, const char *cell, const char *path);

#endif
