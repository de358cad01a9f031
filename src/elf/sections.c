/* SPDX-License-Identifier: MIT */
/*
 * Checks of the section table: where it is, and each section by itself.
 * Freestanding, no allocation.
 */
#include "base/string.h"
#include "elf/check.h"

static int check_table_bounds(const struct elf *elf, uint64_t count, struct diag *reterr)
{
	struct elf_at at = { .elf = elf, .offset = elf->ehdr->e_shoff, .reterr = reterr };
	uint64_t size = count * sizeof(Elf64_Shdr), end;

	if (count > ELF_SECTIONS_MAX)
		return elf_refuse(&at, "too many sections", "at most %u|%lu", ELF_SECTIONS_MAX,
				  count);
	if (__builtin_add_overflow(at.offset, size, &end) || end > elf->size)
		return elf_refuse(&at, "section table outside the file",
				  "%lu sections within %zu bytes|table at %lu", count, elf->size,
				  at.offset);
	return 0;
}

static int find_table(struct elf *elf, struct diag *reterr)
{
	uint64_t offset = elf->ehdr->e_shoff, count = elf->ehdr->e_shnum;
	struct elf_at at = { .elf = elf, .offset = offset, .reterr = reterr };
	int r;

	if (offset < sizeof(Elf64_Ehdr))
		return elf_refuse(&at, "no section table", "at %zu or later|%lu",
				  sizeof(Elf64_Ehdr), offset);
	if (offset % _Alignof(Elf64_Shdr) != 0)
		return elf_refuse(&at, "section table is not aligned", "a multiple of %zu|%lu",
				  _Alignof(Elf64_Shdr), offset);
	r = check_table_bounds(elf, count ? count : 1, reterr);
	if (r < 0)
		return r;
	elf->sections = (const Elf64_Shdr *)(elf->bytes + offset);
	if (elf->sections[0].sh_type != SHT_NULL || elf->sections[0].sh_name != 0)
		return elf_refuse(&at, "section 0 is not empty", "type 0, name 0|type %u, name %u",
				  elf->sections[0].sh_type, elf->sections[0].sh_name);
	if (count == 0) /* gABI, extended numbering */
		count = elf->sections[0].sh_size;
	if (count == 0)
		return elf_refuse(&at, "no section table", "1 section or more|0");
	r = check_table_bounds(elf, count, reterr);
	if (r < 0)
		return r;
	elf->n_sections = (uint32_t)count;
	return 0;
}

static int check_bounds(const struct elf_at *at)
{
	const Elf64_Shdr *shdr = &at->elf->sections[at->section];
	uint64_t end;

	if (shdr->sh_size > ELF_CLAIM_MAX)
		return elf_refuse(at, "section claims too much", "at most %llu bytes|%lu",
				  ELF_CLAIM_MAX, shdr->sh_size);
	if (!elf_has_contents(shdr))
		return 0;
	if (__builtin_add_overflow(shdr->sh_offset, shdr->sh_size, &end) || end > at->elf->size)
		return elf_refuse(at, "section outside the file",
				  "within %zu bytes|%lu bytes at %lu", at->elf->size, shdr->sh_size,
				  shdr->sh_offset);
	return 0;
}

/* gABI: the first and the last byte of a string table are zero; it may be empty. */
static int check_strings(const struct elf_at *at)
{
	const Elf64_Shdr *shdr = &at->elf->sections[at->section];
	const char *strings = (const char *)at->elf->bytes + shdr->sh_offset;

	if (shdr->sh_size == 0)
		return 0;
	if (strings[0] != 0)
		return elf_refuse(at, "string table does not begin with a zero", "0|%u",
				  (uint8_t)strings[0]);
	if (strings[shdr->sh_size - 1] != 0)
		return elf_refuse(at, "string table is not terminated", "0|%u",
				  (uint8_t)strings[shdr->sh_size - 1]);
	return 0;
}

static int find_names(struct elf *elf, struct diag *reterr)
{
	uint32_t index = elf->ehdr->e_shstrndx;
	struct elf_at at = { .elf = elf, .reterr = reterr };
	const Elf64_Shdr *shdr;
	int r;

	at.offset = offsetof(Elf64_Ehdr, e_shstrndx);
	if (index == SHN_XINDEX)
		index = elf->sections[0].sh_link;
	if (index == SHN_UNDEF || index >= elf->n_sections)
		return elf_refuse(&at, "no section of section names", "1 to %u|%u",
				  elf->n_sections - 1, index);
	shdr = &elf->sections[index];
	at.section = index;
	at.offset = DIAG_NO_OFFSET;
	if (shdr->sh_type != SHT_STRTAB || shdr->sh_size == 0)
		return elf_refuse(&at, "section names are not a string table",
				  "type %u, not empty|type %u, %lu bytes", SHT_STRTAB,
				  shdr->sh_type, shdr->sh_size);
	r = check_bounds(&at);
	if (r == 0)
		r = check_strings(&at);
	if (r < 0)
		return r;
	elf->section_names = (const char *)elf->bytes + shdr->sh_offset;
	elf->section_names_size = shdr->sh_size;
	return 0;
}

/* What other sections a section may name. */
static int check_references(const struct elf_at *at)
{
	const Elf64_Shdr *shdr = &at->elf->sections[at->section];

	if (shdr->sh_link >= at->elf->n_sections)
		return elf_refuse(at, "sh_link is not a section", "below %u|%u",
				  at->elf->n_sections, shdr->sh_link);
	if ((shdr->sh_flags & SHF_INFO_LINK) && shdr->sh_info >= at->elf->n_sections)
		return elf_refuse(at, "sh_info is not a section", "below %u|%u",
				  at->elf->n_sections, shdr->sh_info);
	return 0;
}

/* Contents that the reader hands out as what they are, not as bytes. */
static bool is_table(uint32_t type)
{
	return type == SHT_SYMTAB || type == SHT_STRTAB || type == SHT_RELA || type == SHT_GROUP ||
	       type == SHT_SYMTAB_SHNDX;
}

static int check_section(const struct elf_at *at)
{
	const Elf64_Shdr *shdr = &at->elf->sections[at->section];
	uint64_t align = shdr->sh_addralign;
	int r;

	if (shdr->sh_name >= at->elf->section_names_size)
		return elf_refuse(at, "section name outside the section names", "below %lu|%u",
				  at->elf->section_names_size, shdr->sh_name);
	if (shdr->sh_type == SHT_NULL)
		return 0;
	if ((align & (align - 1)) != 0 || align > ELF_CLAIM_MAX)
		return elf_refuse(at, "bad alignment", "a power of two, at most %llu|%lu",
				  ELF_CLAIM_MAX, align);
	if (shdr->sh_type == SHT_REL)
		return elf_refuse(at, "relocations without addends", "type %u (RELA)|%u (REL)",
				  SHT_RELA, SHT_REL);
	if ((shdr->sh_flags & SHF_COMPRESSED) && (shdr->sh_flags & SHF_ALLOC))
		return elf_refuse(at, "compressed section is to be loaded",
				  "not both of flags 0x%x|flags 0x%lx", SHF_COMPRESSED | SHF_ALLOC,
				  shdr->sh_flags);
	if ((shdr->sh_flags & SHF_COMPRESSED) && is_table(shdr->sh_type))
		return elf_refuse(at, "compressed table", "type %u, plain|flags 0x%lx",
				  shdr->sh_type, shdr->sh_flags);
	r = check_bounds(at);
	if (r == 0)
		r = check_references(at);
	if (r == 0 && shdr->sh_type == SHT_STRTAB)
		r = check_strings(at);
	return r;
}

int elf_check_sections(struct elf *elf, struct diag *reterr)
{
	struct elf_at at = { .elf = elf, .offset = DIAG_NO_OFFSET, .reterr = reterr };
	int r = find_table(elf, reterr);

	if (r == 0)
		r = find_names(elf, reterr);
	for (at.section = 1; r == 0 && at.section < elf->n_sections; at.section++)
		r = check_section(&at);
	return r;
}
