/* SPDX-License-Identifier: MIT */
/*
 * An object taken through src/link in the memory of a test, at the addresses
 * that the test chooses.  Not the linker cell: nothing is resolved by name.
 */
#ifndef TESTS_LINK_LINKING_H
#define TESTS_LINK_LINKING_H

#include <stddef.h>
#include <stdint.h>

#include "link/link.h"

struct linking {
	uint8_t *bytes; /* a copy, so that a sanitizer sees what leaves it */
	size_t size;
	struct elf elf;
	struct link_object object;
	struct link_section *sections;
	struct link_symbol *symbols;
	struct link_word *words;
	struct diag diag;
};

/* Where the pools go. */
struct linking_bases {
	uintptr_t base[LINK_POOLS];
};

/* elf_open on a file or on bytes; its result, or -ENOENT when the file cannot be read. */
int linking_open(struct linking *ret, const char *path);
int linking_open_bytes(struct linking *ret, const void *bytes, size_t size);

int linking_layout(struct linking *linking, const char *state_symbol);

/* Takes images and calls link_place; undefined symbols are 0 until the test fills them. */
void linking_place(struct linking *linking, const struct linking_bases *bases);
int linking_relocate(struct linking *linking);

/* The symbol of this name, 0: none. */
uint32_t linking_symbol(const struct linking *linking, const char *name);

void linking_close(struct linking *linking);

#endif
