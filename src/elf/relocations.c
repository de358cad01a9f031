/* SPDX-License-Identifier: MIT */
/*
 * Checks of relocation sections: that each names a symbol and a place that
 * exist.  Which types can be applied is src/link's business.  Freestanding,
 * no allocation.
 */
#include "elf/check.h"

/*
 * Bytes that a relocation of each type changes: psABI, table of relocation
 * types.  One past the end changes at least a byte.
 */
#define WIDTHS 64u /* a power of two */
static const uint8_t widths[WIDTHS] = {
	[0] = 0,   [1] = 8,  [2] = 4,  [3] = 4,	 [4] = 4,  [5] = 0,  [6] = 8,  [7] = 8,	 [8] = 8,
	[9] = 4,   [10] = 4, [11] = 4, [12] = 2, [13] = 2, [14] = 1, [15] = 1, [16] = 8, [17] = 8,
	[18] = 8,  [19] = 4, [20] = 4, [21] = 4, [22] = 4, [23] = 4, [24] = 8, [25] = 8, [26] = 4,
	[27] = 8,  [28] = 8, [29] = 8, [30] = 8, [31] = 8, [32] = 4, [33] = 8, [34] = 4, [35] = 0,
	[36] = 16, [37] = 8, [38] = 8, [39] = 4, [40] = 4, [41] = 4, [42] = 4,
};
#define TYPES 43u /* those above */

static uint64_t relocation_width(uint32_t type)
{
	return type < TYPES ? widths[type] : 1;
}

static int check_target(const struct elf_at *at)
{
	const Elf64_Shdr *shdr = &at->elf->sections[at->section];
	uint32_t type;

	if (shdr->sh_info == 0 || shdr->sh_info >= at->elf->n_sections)
		return elf_refuse(at, "relocations for no section", "sh_info 1 to %u|%u",
				  at->elf->n_sections - 1, shdr->sh_info);
	type = at->elf->sections[shdr->sh_info].sh_type;
	if (type == SHT_NULL || type == SHT_NOBITS || type == SHT_SYMTAB || type == SHT_STRTAB ||
	    type == SHT_RELA || type == SHT_GROUP || type == SHT_SYMTAB_SHNDX)
		return elf_refuse(at, "relocations for a section that cannot have any",
				  "a section with a program's contents|section %u of type %u",
				  shdr->sh_info, type);
	return 0;
}

static int check_table(const struct elf_at *at)
{
	const Elf64_Shdr *shdr = &at->elf->sections[at->section];

	if (shdr->sh_entsize != sizeof(Elf64_Rela))
		return elf_refuse(at, "wrong sh_entsize", "%zu|%lu", sizeof(Elf64_Rela),
				  shdr->sh_entsize);
	if (shdr->sh_size % sizeof(Elf64_Rela) != 0)
		return elf_refuse(at, "size is not a multiple of sh_entsize",
				  "a multiple of %zu|%lu", sizeof(Elf64_Rela), shdr->sh_size);
	if (shdr->sh_offset % _Alignof(Elf64_Rela) != 0)
		return elf_refuse(at, "table is not aligned in the file", "a multiple of %zu|%lu",
				  _Alignof(Elf64_Rela), shdr->sh_offset);
	if (at->elf->symtab == 0 || shdr->sh_link != at->elf->symtab)
		return elf_refuse(at, "relocations' symbol table is not the object's",
				  "sh_link %u|%u", at->elf->symtab, shdr->sh_link);
	return check_target(at);
}

static int refuse_place(const struct elf_at *at, const Elf64_Rela *rela)
{
	struct elf_at in = *at;

	in.section = at->elf->sections[at->section].sh_info;
	in.symbol = ELF64_R_SYM(rela->r_info);
	in.offset = rela->r_offset;
	return elf_refuse(&in, "relocation outside its section", "within %lu bytes|type %u at %lu",
			  at->elf->sections[in.section].sh_size, ELF64_R_TYPE(rela->r_info),
			  rela->r_offset);
}

/* Places in a compressed section, which is never loaded, are in what it expands to. */
static uint64_t size_of_places(const Elf64_Shdr *target)
{
	return target->sh_flags & SHF_COMPRESSED ? UINT64_MAX : target->sh_size;
}

/*
 * Whether all are right, without a branch for each.  Then check_relas() need not
 * look for the first that is not; false may be said of right ones, too.
 */
static bool are_right(const struct elf *elf, const Elf64_Rela *relas, size_t count, uint64_t size)
{
	uint32_t n_symbols = elf->n_symbols;
	uint64_t last = 0;
	bool wrong = false, has_unknown = false;

	for (size_t i = 0; i < count; i++) {
		uint32_t type = ELF64_R_TYPE(relas[i].r_info);
		uint64_t end = relas[i].r_offset + widths[type % WIDTHS];

		wrong |= ELF64_R_SYM(relas[i].r_info) >= n_symbols;
		last = end > last ? end : last;
		has_unknown |= type >= TYPES;
		/* An end that wrapped around is less than where it began. */
		wrong |= end < relas[i].r_offset;
	}
	return !wrong && last <= size && !has_unknown;
}

static int check_relas(struct elf_at *at)
{
	const Elf64_Shdr *shdr = &at->elf->sections[at->section];
	uint64_t size = size_of_places(&at->elf->sections[shdr->sh_info]);
	size_t count;
	const Elf64_Rela *relas = elf_relas(at->elf, at->section, &count);

	if (are_right(at->elf, relas, count, size))
		return 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t symbol = ELF64_R_SYM(relas[i].r_info);
		uint64_t end, width = relocation_width(ELF64_R_TYPE(relas[i].r_info));

		at->offset = i * sizeof(Elf64_Rela);
		if (symbol >= at->elf->n_symbols)
			return elf_refuse(at, "relocation's symbol outside the symbol table",
					  "below %u|%u", at->elf->n_symbols, symbol);
		if (__builtin_add_overflow(relas[i].r_offset, width, &end) || end > size)
			return refuse_place(at, &relas[i]);
	}
	return 0;
}

int elf_check_relas(const struct elf *elf, struct diag *reterr)
{
	struct elf_at at = { .elf = elf, .reterr = reterr };
	int r = 0;

	for (at.section = 1; r == 0 && at.section < elf->n_sections; at.section++) {
		if (elf->sections[at.section].sh_type != SHT_RELA)
			continue;
		at.offset = DIAG_NO_OFFSET;
		r = check_table(&at);
		if (r == 0)
			r = check_relas(&at);
	}
	return r;
}
