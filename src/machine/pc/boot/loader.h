/* SPDX-License-Identifier: MIT */
/*
 * How the readers of the two boot protocols fill struct boot_loader.
 * Freestanding, no allocation.
 */
#ifndef PC_BOOT_LOADER_H
#define PC_BOOT_LOADER_H

#include "machine/pc/boot/boot.h"

/* Types of memory: ACPI 6.4, table 15-374; both protocols use its numbers. */
#define LOADER_MEMORY_RAM 1

/* More than any firmware lists. */
#define LOADER_MAP_ENTRIES_MAX 8192

/*
 * An entry of the memory map.  RAM that would reach past the last address is
 * left out; anything else that does so is taken up to the last address.
 */
void loader_add_memory(struct boot_loader *loader, uint64_t start, uint64_t size, uint32_t type);

/* A module, named by the first word of its command line. */
MUST_USE int loader_add_module(struct boot_loader *loader, struct boot_range range,
			       const char *words, char reterr[BOOT_ERROR_MAX]);

/* Fills the sentence, says -EINVAL. */
MUST_USE int loader_refuse(char reterr[BOOT_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A word for a sentence or a name: what is before the first blank of text,
 * cut at size - 1 bytes, with '?' for bytes that do not print.
 */
void loader_copy_word(char *to, size_t size, const char *text);

static inline bool loader_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

#endif
