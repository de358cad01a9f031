/* SPDX-License-Identifier: MIT */
/*
 * Checks of the symbol table, its strings and extended section indices, and
 * of section groups, which name symbols.  Freestanding, no allocation.
 */
#include "elf/check.h"

/* A table of entries of one size: sh_entsize, sh_size and alignment in the file. */
static int check_table(const struct elf_at *at, uint64_t entry_size, uint64_t align)
{
	const Elf64_Shdr *shdr = &at->elf->sections[at->section];

	if (shdr->sh_entsize != entry_size)
		return elf_refuse(at, "wrong sh_entsize", "%lu|%lu", entry_size, shdr->sh_entsize);
	if (shdr->sh_size % entry_size != 0)
		return elf_refuse(at, "size is not a multiple of sh_entsize",
				  "a multiple of %lu|%lu", entry_size, shdr->sh_size);
	if (shdr->sh_offset % align != 0)
		return elf_refuse(at, "table is not aligned in the file", "a multiple of %lu|%lu",
				  align, shdr->sh_offset);
	return 0;
}

/* The one section of a type, 0: none. */
static int find_one(const struct elf *elf, uint32_t type, uint32_t *ret, struct diag *reterr)
{
	struct elf_at at = { .elf = elf, .offset = DIAG_NO_OFFSET, .reterr = reterr };
	uint32_t found = 0;

	for (uint32_t i = 1; i < elf->n_sections; i++) {
		if (elf->sections[i].sh_type != type)
			continue;
		at.section = i;
		if (found)
			return elf_refuse(&at, "second section of a type that may occur once",
					  "only section %u of type %u|%u", found, type, i);
		found = i;
	}
	*ret = found;
	return 0;
}

static int check_symbol_names(struct elf *elf, const struct elf_at *at)
{
	uint32_t link = elf->sections[elf->symtab].sh_link;
	const Elf64_Shdr *names = &elf->sections[link];

	if (names->sh_type != SHT_STRTAB || names->sh_size == 0)
		return elf_refuse(at, "sh_link of the symbol table is not a string table",
				  "a section of type %u, not empty|section %u, type %u, %lu bytes",
				  SHT_STRTAB, link, names->sh_type, names->sh_size);
	elf->symbol_names = (const char *)elf->bytes + names->sh_offset;
	elf->symbol_names_size = names->sh_size;
	return 0;
}

static int find_symbols(struct elf *elf, struct diag *reterr)
{
	struct elf_at at = { .elf = elf, .offset = DIAG_NO_OFFSET, .reterr = reterr };
	const Elf64_Shdr *shdr = &elf->sections[elf->symtab];
	uint64_t count = shdr->sh_size / sizeof(Elf64_Sym);
	int r;

	at.section = elf->symtab;
	r = check_table(&at, sizeof(Elf64_Sym), _Alignof(Elf64_Sym));
	if (r == 0)
		r = check_symbol_names(elf, &at);
	if (r < 0)
		return r;
	if (count == 0)
		return elf_refuse(&at, "symbol table without symbol 0", "1 symbol or more|0");
	if (shdr->sh_info == 0 || shdr->sh_info > count)
		return elf_refuse(&at, "first global symbol outside the symbol table",
				  "sh_info 1 to %lu|%u", count, shdr->sh_info);
	elf->symbols = (const Elf64_Sym *)(elf->bytes + shdr->sh_offset);
	elf->n_symbols = (uint32_t)count;
	return 0;
}

static int find_extended(struct elf *elf, struct diag *reterr)
{
	struct elf_at at = { .elf = elf, .offset = DIAG_NO_OFFSET, .reterr = reterr };
	const Elf64_Shdr *shdr;
	int r = find_one(elf, SHT_SYMTAB_SHNDX, &at.section, reterr);

	if (r < 0 || at.section == 0)
		return r;
	shdr = &elf->sections[at.section];
	if (elf->symtab == 0 || shdr->sh_link != elf->symtab)
		return elf_refuse(&at, "section indices without their symbol table",
				  "sh_link %u|%u", elf->symtab, shdr->sh_link);
	r = check_table(&at, sizeof(uint32_t), _Alignof(uint32_t));
	if (r < 0)
		return r;
	if (shdr->sh_size / sizeof(uint32_t) != elf->n_symbols)
		return elf_refuse(&at, "section indices do not match the symbols", "%u|%lu",
				  elf->n_symbols, shdr->sh_size / sizeof(uint32_t));
	elf->extended = (const uint32_t *)(elf->bytes + shdr->sh_offset);
	return 0;
}

static int check_common(const struct elf_at *at, const Elf64_Sym *symbol)
{
	uint64_t align = symbol->st_value;

	if (align == 0 || (align & (align - 1)) != 0 || align > ELF_CLAIM_MAX)
		return elf_refuse(at, "bad alignment of a common symbol",
				  "a power of two, at most %llu|%lu", ELF_CLAIM_MAX, align);
	if (symbol->st_size > ELF_CLAIM_MAX)
		return elf_refuse(at, "common symbol claims too much", "at most %llu bytes|%lu",
				  ELF_CLAIM_MAX, symbol->st_size);
	return 0;
}

static int check_defined(const struct elf_at *at, const Elf64_Sym *symbol, uint32_t section)
{
	struct elf_at in = *at;
	const Elf64_Shdr *shdr;
	uint64_t end;

	if (section == SHN_UNDEF || section >= at->elf->n_sections)
		return elf_refuse(at, "symbol in no section", "1 to %u|%u", at->elf->n_sections - 1,
				  section);
	shdr = &at->elf->sections[section];
	in.section = section;
	in.offset = symbol->st_value;
	if (shdr->sh_type == SHT_NULL)
		return elf_refuse(&in, "symbol in an inactive section", "not type 0|section %u",
				  section);
	if (__builtin_add_overflow(symbol->st_value, symbol->st_size, &end) || end > shdr->sh_size)
		return elf_refuse(&in, "symbol outside its section",
				  "within %lu bytes|%lu bytes at %lu", shdr->sh_size,
				  symbol->st_size, symbol->st_value);
	return 0;
}

static int check_place(const struct elf_at *at, const Elf64_Sym *symbol)
{
	uint32_t section = symbol->st_shndx;
	bool is_section = ELF64_ST_TYPE(symbol->st_info) == STT_SECTION;

	if (is_section && (section == SHN_UNDEF || section == SHN_ABS || section == SHN_COMMON))
		return elf_refuse(at, "section symbol in no section", "a section|0x%x", section);
	if (ELF64_ST_TYPE(symbol->st_info) == STT_FILE && section != SHN_ABS)
		return elf_refuse(at, "file symbol in a section", "0x%x (ABS)|0x%x", SHN_ABS,
				  section);
	if (section == SHN_UNDEF || section == SHN_ABS)
		return 0;
	if (section == SHN_COMMON)
		return check_common(at, symbol);
	if (section == SHN_XINDEX && !at->elf->extended)
		return elf_refuse(at, "symbol's section index is missing",
				  "a section of type %u|none", SHT_SYMTAB_SHNDX);
	if (section == SHN_XINDEX)
		section = at->elf->extended[at->symbol];
	else if (section >= SHN_LORESERVE)
		return elf_refuse(at, "symbol in an unknown reserved section",
				  "0x%x, 0x%x or a section|0x%x", SHN_ABS, SHN_COMMON, section);
	return check_defined(at, symbol, section);
}

/*
 * Whether a symbol is right and in a section, as most are: what check_symbol()
 * would find out in more words.
 */
static inline bool is_usual(const struct elf *elf, const Elf64_Sym *symbol, bool is_local)
{
	const Elf64_Shdr *shdr;

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= elf->n_sections ||
	    symbol->st_shndx >= SHN_LORESERVE || symbol->st_name >= elf->symbol_names_size ||
	    (ELF64_ST_BIND(symbol->st_info) == STB_LOCAL) != is_local ||
	    ELF64_ST_TYPE(symbol->st_info) == STT_FILE)
		return false;
	shdr = &elf->sections[symbol->st_shndx];
	return shdr->sh_type != SHT_NULL && symbol->st_size <= shdr->sh_size &&
	       symbol->st_value <= shdr->sh_size - symbol->st_size;
}

static int check_symbol(const struct elf_at *at, uint32_t first_global)
{
	const Elf64_Sym *symbol = &at->elf->symbols[at->symbol];
	bool is_local = ELF64_ST_BIND(symbol->st_info) == STB_LOCAL;

	if (symbol->st_name >= at->elf->symbol_names_size)
		return elf_refuse(at, "symbol name outside the string table", "below %lu|%u",
				  at->elf->symbol_names_size, symbol->st_name);
	if (is_local != (at->symbol < first_global))
		return elf_refuse(at, "symbol on the wrong side of sh_info",
				  "local below %u, others from there|binding %u at %u",
				  first_global, ELF64_ST_BIND(symbol->st_info), at->symbol);
	return check_place(at, symbol);
}

/* gABI: symbol 0 is all zero. */
static int check_symbol_zero(const struct elf_at *at)
{
	const Elf64_Sym *zero = &at->elf->symbols[0];

	if (zero->st_name || zero->st_info || zero->st_other || zero->st_shndx || zero->st_value ||
	    zero->st_size)
		return elf_refuse(at, "symbol 0 is not empty", "zeros|name %u, section %u",
				  zero->st_name, zero->st_shndx);
	return 0;
}

int elf_check_symbols(struct elf *elf, struct diag *reterr)
{
	struct elf_at at = { .elf = elf, .offset = DIAG_NO_OFFSET, .reterr = reterr };
	int r = find_one(elf, SHT_SYMTAB, &elf->symtab, reterr);

	if (r == 0 && elf->symtab != 0)
		r = find_symbols(elf, reterr);
	if (r == 0)
		r = find_extended(elf, reterr);
	if (r < 0 || elf->symtab == 0)
		return r;
	at.section = elf->symtab;
	r = check_symbol_zero(&at);
	for (uint32_t i = 1; r == 0 && i < elf->n_symbols; i++) {
		uint32_t first_global = elf->sections[elf->symtab].sh_info;

		if (is_usual(elf, &elf->symbols[i], i < first_global))
			continue;
		at.symbol = i;
		at.offset = i * sizeof(Elf64_Sym);
		r = check_symbol(&at, first_global);
	}
	return r;
}

/* gABI: a word of flags, then section indices; sh_link and sh_info name the signature. */
static int check_group(struct elf_at *at)
{
	const Elf64_Shdr *shdr = &at->elf->sections[at->section];
	const uint32_t *words = (const uint32_t *)(at->elf->bytes + shdr->sh_offset);
	int r = check_table(at, sizeof(uint32_t), _Alignof(uint32_t));

	if (r < 0)
		return r;
	if (shdr->sh_size == 0)
		return elf_refuse(at, "group without flags", "at least 4 bytes|0");
	if (at->elf->symtab == 0 || shdr->sh_link != at->elf->symtab)
		return elf_refuse(at, "group's symbol table is not the object's", "sh_link %u|%u",
				  at->elf->symtab, shdr->sh_link);
	if (shdr->sh_info == 0 || shdr->sh_info >= at->elf->n_symbols)
		return elf_refuse(at, "group's symbol outside the symbol table", "1 to %u|%u",
				  at->elf->n_symbols - 1, shdr->sh_info);
	for (uint64_t i = 1; i < shdr->sh_size / sizeof(uint32_t); i++) {
		at->offset = i * sizeof(uint32_t);
		if (words[i] == 0 || words[i] >= at->elf->n_sections)
			return elf_refuse(at, "group's member is not a section", "1 to %u|%u",
					  at->elf->n_sections - 1, words[i]);
	}
	return 0;
}

int elf_check_groups(const struct elf *elf, struct diag *reterr)
{
	struct elf_at at = { .elf = elf, .reterr = reterr };
	int r = 0;

	for (at.section = 1; r == 0 && at.section < elf->n_sections; at.section++) {
		at.offset = DIAG_NO_OFFSET;
		if (elf->sections[at.section].sh_type == SHT_GROUP)
			r = check_group(&at);
	}
	return r;
}
