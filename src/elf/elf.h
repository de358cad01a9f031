/* SPDX-License-Identifier: MIT */
/*
 * Reader of ET_REL objects that distrusts every byte.
 *
 * elf_open() checks everything that the accessors rely on, once, against the
 * size of the file: after it has returned 0 no accessor can leave the bytes.
 * Nothing is copied; a struct elf borrows the bytes.  Freestanding, no
 * allocation.  What the contents mean is the linker's business (src/link).
 * Source: System V gABI chapter 4, AMD64 psABI.
 */
#ifndef ELF_ELF_H
#define ELF_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/diag.h>
#include <clew/errors.h>

#include "elf/types.h"

/*
 * Sections of one object.  From this number on a symbol's section could not be
 * told from SHN_ABS and SHN_COMMON.
 */
#define ELF_SECTIONS_MAX SHN_LORESERVE
/* Bytes that a section, a common symbol or an alignment may claim. */
#define ELF_CLAIM_MAX (1ull << 30)

struct elf {
	const uint8_t *bytes;
	size_t size;
	const Elf64_Ehdr *ehdr;
	const Elf64_Shdr *sections; /* e_shnum (or sh_size of section 0) entries */
	uint32_t n_sections;
	uint32_t symtab; /* section index of the one SHT_SYMTAB; 0: none */
	const Elf64_Sym *symbols;
	uint32_t n_symbols;
	const char *section_names; /* .shstrtab's bytes */
	uint64_t section_names_size;
	const char *symbol_names; /* the symbol table's strings */
	uint64_t symbol_names_size;
	const uint32_t *extended; /* SHT_SYMTAB_SHNDX, one word a symbol; NULL: none */
	char name[40];		  /* in diags */
};

/*
 * -EBADMSG with *reterr filled.  The bytes must be aligned to 8.  Checked:
 * every index, offset, size, alignment and string that the gABI defines, that
 * contents lie in the file and do not overlap, symbols inside their sections,
 * relocated places inside theirs (unless it is compressed).  Not checked, because they are meaning:
 * types of relocations, flags, names, whether sections' contents are aligned
 * in the file (symbols and relocations are).
 */
MUST_USE int elf_open(struct elf *ret, const char *name, const void *bytes, size_t size,
		      struct diag *reterr);

static inline const char *elf_section_name(const struct elf *elf, uint32_t section)
{
	return elf->section_names + elf->sections[section].sh_name;
}

static inline const char *elf_symbol_name(const struct elf *elf, uint32_t symbol)
{
	return elf->symbol_names + elf->symbols[symbol].st_name;
}

/* Whether the section occupies bytes of the file. */
static inline bool elf_has_contents(const Elf64_Shdr *section)
{
	return section->sh_type != SHT_NULL && section->sh_type != SHT_NOBITS;
}

/* Contents; NULL for SHT_NOBITS and SHT_NULL. */
static inline const void *elf_section_data(const struct elf *elf, uint32_t section)
{
	const Elf64_Shdr *shdr = &elf->sections[section];

	return elf_has_contents(shdr) ? elf->bytes + shdr->sh_offset : NULL;
}

/* Bytes of the string table from the symbol's name on; its zero is among them. */
static inline size_t elf_symbol_name_room(const struct elf *elf, uint32_t symbol)
{
	return elf->symbol_names_size - elf->symbols[symbol].st_name;
}

/* Section index of a symbol, SHN_XINDEX resolved; SHN_UNDEF, SHN_ABS and SHN_COMMON as they are. */
static inline uint32_t elf_symbol_section(const struct elf *elf, uint32_t symbol)
{
	uint32_t section = elf->symbols[symbol].st_shndx;

	return section == SHN_XINDEX ? elf->extended[symbol] : section;
}

/* 0: there is no section of this name. */
uint32_t elf_find_section(const struct elf *elf, const char *name);

/* Relocations of a SHT_RELA section, which applies to section sh_info. */
static inline const Elf64_Rela *elf_relas(const struct elf *elf, uint32_t section,
					  size_t *ret_count)
{
	const Elf64_Shdr *shdr = &elf->sections[section];

	*ret_count = shdr->sh_size / sizeof(Elf64_Rela);
	return (const Elf64_Rela *)(elf->bytes + shdr->sh_offset);
}

#endif
