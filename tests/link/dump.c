/* SPDX-License-Identifier: MIT */
/*
 * Links an object at given addresses and says what came out, for compare_ld.py.
 *
 * usage: link_dump OBJECT TEXT CONSTANTS DATA [SYMBOL=ADDRESS]...
 *
 * Prints a line for each section that was placed (number, address, size and
 * contents in hexadecimal), for the GOT, the stubs, and each symbol's address;
 * or "refused", the section, the symbol, the offset and the diag's text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linking.h"

static void put_bytes(const uint8_t *bytes, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static int refused(const struct diag *diag)
{
	printf("refused\t%s\t%s\t%lu\t%s\n", diag->section, diag->symbol, diag->offset, diag->what);
	return 0;
}

static void put_range(const struct link_object *object, const char *what, enum link_pool pool,
		      uint64_t offset, uint64_t size)
{
	if (size == 0)
		return;
	printf("%s\t0\t%lu\t%lu\t", what, object->base[pool] + offset, size);
	put_bytes(object->image[pool] + offset, size);
}

static void put(const struct linking *linking)
{
	const struct link_object *object = &linking->object;

	for (uint32_t i = 1; i < linking->elf.n_sections; i++) {
		const struct link_section *section = &linking->sections[i];
		uint64_t size = linking->elf.sections[i].sh_size;

		if (section->pool == LINK_UNPLACED)
			continue;
		printf("section\t%u\t%lu\t%lu\t", i, object->base[section->pool] + section->offset,
		       size);
		if (size > 0)
			put_bytes(object->image[section->pool] + section->offset, size);
		else
			printf("\n");
	}
	put_range(object, "got", LINK_CONST, object->got, object->n_slots * 8ul);
	put_range(object, "stubs", LINK_TEXT, object->stubs,
		  (uint64_t)object->n_stubs * LINK_STUB_SIZE);
	for (uint32_t i = 1; i < linking->elf.n_symbols; i++)
		printf("symbol\t%u\t%lu\n", i, linking->symbols[i].address);
}

static void set_symbol(struct linking *linking, const char *argument)
{
	const char *equals = strchr(argument, '=');
	uint64_t address = equals ? strtoull(equals + 1, NULL, 0) : 0;
	size_t length = equals ? (size_t)(equals - argument) : 0;

	for (uint32_t i = 1; i < linking->elf.n_symbols; i++) {
		const char *name = elf_symbol_name(&linking->elf, i);

		if (strlen(name) != length || strncmp(name, argument, length) != 0 ||
		    elf_symbol_section(&linking->elf, i) != SHN_UNDEF)
			continue;
		linking->symbols[i].call = address;
		linking->symbols[i].address = address;
	}
}

int main(int argc, char **argv)
{
	struct linking linking;
	struct linking_bases bases = { .base = { 0 } };
	int r;

	if (argc < 5)
		return 2;
	for (int i = 0; i < 3; i++)
		bases.base[i] = strtoull(argv[i + 2], NULL, 0);
	r = linking_open(&linking, argv[1]);
	if (r == 0)
		r = linking_layout(&linking, NULL);
	if (r == 0) {
		linking_place(&linking, &bases);
		for (int i = 5; i < argc; i++)
			set_symbol(&linking, argv[i]);
		r = linking_relocate(&linking);
	}
	if (r < 0)
		r = refused(&linking.diag);
	else
		put(&linking);
	linking_close(&linking);
	return 0;
}
