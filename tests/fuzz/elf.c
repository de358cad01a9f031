/* SPDX-License-Identifier: MIT */
/*
 * The ELF reader: any bytes as an object.  When the reader takes them,
 * everything that it hands out lies in them; when it does not, it says why
 * and has written nothing else.
 */
#include "elf/elf.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static bool is_within(const struct elf *elf, const void *bytes, uint64_t size)
{
	uint64_t offset = (uint64_t)((const uint8_t *)bytes - elf->bytes);

	return offset <= elf->size && size <= elf->size - offset;
}

static void walk_section(const struct elf *elf, uint32_t section)
{
	const Elf64_Shdr *shdr = &elf->sections[section];
	const void *bytes = elf_section_data(elf, section);

	FUZZ_REQUIRE(is_within(elf, elf_section_name(elf, section), 1));
	FUZZ_REQUIRE(!bytes || is_within(elf, bytes, shdr->sh_size));
	fuzz_touch(elf_section_name(elf, section), strlen(elf_section_name(elf, section)));
	if (bytes)
		fuzz_touch(bytes, shdr->sh_size);
}

/* The commonest types, and how many bytes they change: psABI, table 4.9. */
static bool is_place(const Elf64_Rela *rela, uint64_t size)
{
	uint32_t type = ELF64_R_TYPE(rela->r_info);
	uint64_t width = type == R_X86_64_64 ? 8 : type == R_X86_64_PC32 ? 4 : 0;

	return rela->r_offset <= size && width <= size - rela->r_offset;
}

static void walk_relas(const struct elf *elf, uint32_t section)
{
	uint32_t target = elf->sections[section].sh_info;
	bool compressed = elf->sections[target].sh_flags & SHF_COMPRESSED;
	size_t count;
	const Elf64_Rela *relas = elf_relas(elf, section, &count);

	FUZZ_REQUIRE(target < elf->n_sections);
	FUZZ_REQUIRE(is_within(elf, relas, count * sizeof(*relas)));
	for (size_t i = 0; i < count; i++) {
		uint32_t symbol = ELF64_R_SYM(relas[i].r_info);

		FUZZ_REQUIRE(symbol < elf->n_symbols);
		FUZZ_REQUIRE(compressed || is_place(&relas[i], elf->sections[target].sh_size));
		FUZZ_REQUIRE(elf_section_data(elf, target) != NULL);
		fuzz_touch(elf_symbol_name(elf, symbol), 1);
	}
}

static void walk_symbol(const struct elf *elf, uint32_t symbol)
{
	const Elf64_Sym *sym = &elf->symbols[symbol];
	uint32_t section = elf_symbol_section(elf, symbol);
	const uint8_t *bytes;

	fuzz_touch(elf_symbol_name(elf, symbol), strlen(elf_symbol_name(elf, symbol)));
	if (section == SHN_UNDEF || section == SHN_ABS || section == SHN_COMMON)
		return;
	FUZZ_REQUIRE(section < elf->n_sections);
	FUZZ_REQUIRE(sym->st_value + sym->st_size <= elf->sections[section].sh_size);
	bytes = elf_section_data(elf, section);
	if (bytes)
		fuzz_touch(bytes + sym->st_value, sym->st_size);
}

static void walk(const struct elf *elf)
{
	FUZZ_REQUIRE(is_within(elf, elf->sections, elf->n_sections * sizeof(*elf->sections)));
	FUZZ_REQUIRE(is_within(elf, elf->symbols, elf->n_symbols * sizeof(*elf->symbols)) ||
		     elf->n_symbols == 0);
	for (uint32_t i = 0; i < elf->n_sections; i++) {
		uint32_t found = elf_find_section(elf, elf_section_name(elf, i));

		walk_section(elf, i);
		FUZZ_REQUIRE(found <= i || i == 0); /* section 0 is no section */
		if (elf->sections[i].sh_type == SHT_RELA)
			walk_relas(elf, i);
	}
	for (uint32_t i = 0; i < elf->n_symbols; i++)
		walk_symbol(elf, i);
	FUZZ_REQUIRE(elf_find_section(elf, ".no.such.section") < elf->n_sections);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_copy(data, size);
	struct diag diag = { .offset = 0 };
	struct elf elf, untouched;
	int r;

	memset(&elf, 0xa5, sizeof(elf));
	memset(&untouched, 0xa5, sizeof(untouched));
	r = elf_open(&elf, "fuzz.o", bytes, size, &diag);
	if (r == 0) {
		FUZZ_REQUIRE(elf.bytes == bytes && elf.size == size);
		walk(&elf);
		fuzz_accepted++;
	} else {
		FUZZ_REQUIRE(r == -EBADMSG);
		FUZZ_REQUIRE(memcmp(&elf, &untouched, sizeof(elf)) == 0);
		FUZZ_REQUIRE(diag.what[0] && strcmp(diag.cell, "fuzz.o") == 0);
	}
	free(bytes);
	return 0;
}
