/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: opens any bytes as an object and, when the reader takes them,
 * walks everything that it hands out.  libFuzzer's interface; replay.c calls
 * it without libFuzzer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void touch(const void *bytes, uint64_t size)
{
	const uint8_t *byte = bytes;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < size; i++)
		sum += byte[i];
	sink += sum;
}

static void walk_section(const struct elf *elf, uint32_t section)
{
	const Elf64_Shdr *shdr = &elf->sections[section];
	const void *bytes = elf_section_data(elf, section);

	touch(elf_section_name(elf, section), strlen(elf_section_name(elf, section)));
	if (bytes)
		touch(bytes, shdr->sh_size);
}

static void require(int holds)
{
	if (!holds)
		abort();
}

static void walk_relas(const struct elf *elf, uint32_t section)
{
	uint32_t target = elf->sections[section].sh_info;
	bool compressed = elf->sections[target].sh_flags & SHF_COMPRESSED;
	size_t count;
	const Elf64_Rela *relas = elf_relas(elf, section, &count);

	for (size_t i = 0; i < count; i++) {
		uint32_t symbol = ELF64_R_SYM(relas[i].r_info);

		require(symbol < elf->n_symbols);
		require(compressed || relas[i].r_offset <= elf->sections[target].sh_size);
		require(elf_section_data(elf, target) != NULL);
		touch(elf_symbol_name(elf, symbol), 1);
	}
}

static void walk_symbol(const struct elf *elf, uint32_t symbol)
{
	const Elf64_Sym *sym = &elf->symbols[symbol];
	uint32_t section = elf_symbol_section(elf, symbol);
	const uint8_t *bytes;

	touch(elf_symbol_name(elf, symbol), strlen(elf_symbol_name(elf, symbol)));
	if (section == SHN_UNDEF || section == SHN_ABS || section == SHN_COMMON)
		return;
	require(section < elf->n_sections);
	require(sym->st_value + sym->st_size <= elf->sections[section].sh_size);
	bytes = elf_section_data(elf, section);
	if (bytes)
		touch(bytes + sym->st_value, sym->st_size);
}

static void walk(const struct elf *elf)
{
	for (uint32_t i = 0; i < elf->n_sections; i++) {
		walk_section(elf, i);
		if (elf->sections[i].sh_type == SHT_RELA)
			walk_relas(elf, i);
	}
	for (uint32_t i = 0; i < elf->n_symbols; i++)
		walk_symbol(elf, i);
	require(elf_find_section(elf, ".no.such.section") < elf->n_sections);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	struct diag diag = { .offset = 0 };
	struct elf elf, untouched;
	int r;

	memset(&elf, 0xa5, sizeof(elf));
	memset(&untouched, 0xa5, sizeof(untouched));
	require(bytes != NULL);
	memcpy(bytes, data, size);
	r = elf_open(&elf, "fuzz.o", bytes, size, &diag);
	if (r == 0) {
		walk(&elf);
	} else {
		require(r == -EBADMSG);
		require(memcmp(&elf, &untouched, sizeof(elf)) == 0);
		require(diag.what[0] && strcmp(diag.cell, "fuzz.o") == 0);
	}
	free(bytes);
	return 0;
}
