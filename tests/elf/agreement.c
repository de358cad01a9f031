/* SPDX-License-Identifier: MIT */
/* The reader and libelf on the same bytes, see agreement.h. */
#include "agreement.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "elf/elf.h"
#include "oracle.h"

struct comparison {
	struct elf elf;
	const struct oracle *oracle;
	struct agreement *result;
};

__attribute__((format(printf, 2, 3))) static bool differ(struct comparison *comparison,
							 const char *format, ...)
{
	struct agreement *result = comparison->result;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(result->text, sizeof(result->text), format, arguments);
	va_end(arguments);
	return false;
}

/*
 * gABI, Section Types: tables that the reader does not read but hands out as bytes, a dynamic
 * linker's and arrays of functions.  libelf has none of their contents when their size is no
 * multiple of their elements'.
 */
static bool is_handed_out_as_bytes(uint32_t type)
{
	return type == 5 /* SHT_HASH */ || type == 6 /* SHT_DYNAMIC */ ||
	       type == 11 /* SHT_DYNSYM */ ||
	       (type >= SHT_INIT_ARRAY && type <= SHT_PREINIT_ARRAY) ||
	       (type >= 0x60000000 && type < 0x70000000);
}

static bool same_section(struct comparison *comparison, uint32_t i)
{
	const struct elf *elf = &comparison->elf;
	const Elf64_Shdr *shdr = &elf->sections[i];
	const void *bytes = elf_section_data(elf, i);
	struct oracle_section other;
	uint32_t found;

	if (oracle_section(comparison->oracle, i, &other) != 0)
		return differ(comparison, "libelf cannot read section %u", i);
	if (strcmp(elf_section_name(elf, i), other.name) != 0 || shdr->sh_type != other.type ||
	    shdr->sh_flags != other.flags || shdr->sh_offset != other.offset ||
	    shdr->sh_size != other.size || shdr->sh_link != other.link ||
	    shdr->sh_info != other.info || shdr->sh_addralign != other.alignment ||
	    shdr->sh_entsize != other.entry_size)
		return differ(comparison, "header of section %u", i);
	if (shdr->sh_type == SHT_NOBITS || shdr->sh_type == SHT_NULL) {
		if (bytes)
			return differ(comparison, "section %u has contents", i);
	} else if (shdr->sh_size > 0 && !other.bytes) {
		return is_handed_out_as_bytes(shdr->sh_type) ||
		       differ(comparison,
			      "libelf has no contents of section %u, type %u, %lu bytes", i,
			      shdr->sh_type, shdr->sh_size);
	} else if (shdr->sh_size > 0 && memcmp(bytes, other.bytes, shdr->sh_size) != 0) {
		return differ(comparison, "contents of section %u", i);
	}
	found = elf_find_section(elf, other.name);
	return i == 0 || strcmp(elf_section_name(elf, found), other.name) == 0 ||
	       differ(comparison, "section %u by its name", i);
}

static bool same_relas(struct comparison *comparison, uint32_t section)
{
	size_t count;
	const Elf64_Rela *relas = elf_relas(&comparison->elf, section, &count);
	struct oracle_rela other = { 0 };

	if (count != oracle_n_relas(comparison->oracle, section))
		return differ(comparison, "number of relocations of section %u", section);
	for (size_t i = 0; i < count; i++) {
		if (oracle_rela(comparison->oracle, section, i, &other) != 0 ||
		    relas[i].r_offset != other.offset ||
		    ELF64_R_TYPE(relas[i].r_info) != other.type ||
		    ELF64_R_SYM(relas[i].r_info) != other.symbol ||
		    relas[i].r_addend != other.addend)
			return differ(comparison,
				      "relocation %zu of section %u: offset 0x%lx, 0x%lx", i,
				      section, relas[i].r_offset, other.offset);
	}
	return true;
}

static bool same_symbol(struct comparison *comparison, uint32_t i)
{
	const struct elf *elf = &comparison->elf;
	const Elf64_Sym *sym = &elf->symbols[i];
	struct oracle_symbol other;

	if (oracle_symbol(comparison->oracle, i, &other) == 0 &&
	    strcmp(elf_symbol_name(elf, i), other.name) == 0 && sym->st_info == other.info &&
	    sym->st_other == other.other && elf_symbol_section(elf, i) == other.section &&
	    sym->st_value == other.value && sym->st_size == other.size)
		return true;
	return differ(comparison, "symbol %u", i);
}

static bool is_same(struct comparison *comparison)
{
	const struct elf *elf = &comparison->elf;
	const struct oracle *oracle = comparison->oracle;

	if (elf->n_sections != oracle_n_sections(oracle) || elf->symtab != oracle_symtab(oracle) ||
	    elf->n_symbols != oracle_n_symbols(oracle))
		return differ(comparison, "number of sections or symbols");
	for (uint32_t i = 0; i < elf->n_sections; i++) {
		if (!same_section(comparison, i))
			return false;
		if (elf->sections[i].sh_type == SHT_RELA && !same_relas(comparison, i))
			return false;
	}
	for (uint32_t i = 0; i < elf->n_symbols; i++) {
		if (!same_symbol(comparison, i))
			return false;
	}
	return true;
}

enum agreement_verdict agreement_check(const char *name, const void *bytes, size_t size,
				       struct agreement *ret)
{
	static struct diag diag;
	struct comparison comparison = { .result = ret };
	enum agreement_verdict verdict = AGREEMENT_SAME;
	struct oracle *oracle = oracle_open(bytes, size);
	int r = elf_open(&comparison.elf, name, bytes, size, &diag);

	comparison.oracle = oracle;
	ret->refusal = NULL;
	if (r != 0) {
		ret->refusal = diag.what;
		snprintf(ret->text, sizeof(ret->text), "%s %s: %s, expected %s, found %s",
			 diag.section, diag.symbol, diag.what, diag.expected, diag.found);
		verdict = oracle && oracle_accepts(oracle) ? AGREEMENT_STRICT : AGREEMENT_REFUSED;
	} else if (!oracle) {
		differ(&comparison, "libelf refuses it");
		verdict = AGREEMENT_DIFFERENT;
	} else if (!is_same(&comparison)) {
		verdict = AGREEMENT_DIFFERENT;
	}
	if (oracle)
		oracle_close(oracle);
	return verdict;
}
