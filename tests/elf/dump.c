/* SPDX-License-Identifier: MIT */
/*
 * Prints what the reader reads of an object, for compare_readelf.py: sections,
 * symbols, relocations in the order of their sections, a line each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "elf/elf.h"
#include "file.h"

static void dump_section(const struct elf *elf, uint32_t i)
{
	const Elf64_Shdr *shdr = &elf->sections[i];

	printf("section %u %s type %u flags %lx offset %lx size %lx entsize %lx link %u info %u "
	       "align %lu\n",
	       i, elf_section_name(elf, i), shdr->sh_type, shdr->sh_flags, shdr->sh_offset,
	       shdr->sh_size, shdr->sh_entsize, shdr->sh_link, shdr->sh_info, shdr->sh_addralign);
}

static void dump_symbol(const struct elf *elf, uint32_t i)
{
	const Elf64_Sym *sym = &elf->symbols[i];

	printf("symbol %u value %lx size %lx type %d bind %d visibility %d in %u %s\n", i,
	       sym->st_value, sym->st_size, ELF64_ST_TYPE(sym->st_info),
	       ELF64_ST_BIND(sym->st_info), ELF64_ST_VISIBILITY(sym->st_other),
	       elf_symbol_section(elf, i), elf_symbol_name(elf, i));
}

static void dump_relas(const struct elf *elf, uint32_t section)
{
	size_t count;
	const Elf64_Rela *relas = elf_relas(elf, section, &count);

	for (size_t i = 0; i < count; i++)
		printf("rela %lx type %u symbol %u addend %ld\n", relas[i].r_offset,
		       ELF64_R_TYPE(relas[i].r_info), ELF64_R_SYM(relas[i].r_info),
		       relas[i].r_addend);
}

int main(int argc, char **argv)
{
	struct diag diag;
	struct elf elf;
	size_t size;
	unsigned char *bytes = argc == 2 ? file_read(argv[1], &size) : NULL;

	if (!bytes || elf_open(&elf, argv[1], bytes, size, &diag) < 0)
		return 1;
	for (uint32_t i = 0; i < elf.n_sections; i++)
		dump_section(&elf, i);
	for (uint32_t i = 0; i < elf.n_symbols; i++)
		dump_symbol(&elf, i);
	for (uint32_t i = 0; i < elf.n_sections; i++)
		if (elf.sections[i].sh_type == SHT_RELA)
			dump_relas(&elf, i);
	free(bytes);
	return 0;
}
