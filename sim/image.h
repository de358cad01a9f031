/* SPDX-License-Identifier: MIT */
/*
 * A linked object as an ELF64 file: what debuggers and profilers read.
 */
#ifndef SIM_IMAGE_H
#define SIM_IMAGE_H

#include <glib.h>

#include <clew/errors.h>

#include "link/link.h"

/* An object and where it lies, read the way the linker read it. */
struct image {
	char name[40]; /* of the cell; "foreign" without a note */
	uint32_t version;
	struct elf elf;
	struct link_object object; /* base[] and symbols are filled, image[] is not */
	struct link_section *sections;
	struct link_symbol *symbols;
};

/* Borrows the bytes.  -EBADMSG, -ENOEXEC: no object that a linker would have taken. */
MUST_USE int image_open(struct image *ret, const void *bytes, size_t size,
			const uintptr_t bases[LINK_POOLS]);
void image_close(struct image *image);

/* Where the parts of a file lie that are to be mapped; whole pages. */
struct image_file {
	size_t text, text_pages;
	size_t constants, constants_pages;
	size_t data; /* one page of zeroes */
};

/*
 * An executable ELF file whose segments are at the addresses where the object
 * lies: text and constants as given (whole pages), and one writable page at
 * data_page, which is not the object's: readers expect a file to have one.
 * debug: relocated DWARF (side_file.h), NULL: none.
 */
GByteArray *image_build(const struct image *image, const void *text, const void *constants,
			uintptr_t data_page, GPtrArray *debug, struct image_file *ret);

#endif
