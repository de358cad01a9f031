/* SPDX-License-Identifier: MIT */
/*
 * Opening an object, and the accessors.  The checks of sections, symbols and
 * relocations are in the files named after them.  Freestanding, no allocation.
 */
#include "elf/elf.h"

#include <stdarg.h>

#include "base/format.h"
#include "base/string.h"
#include "elf/check.h"

static void name_section(const struct elf *elf, uint32_t section, char *to, size_t size)
{
	uint32_t name = elf->sections[section].sh_name;

	if (elf->section_names && name < elf->section_names_size)
		string_copy(to, size, elf->section_names + name);
	else
		format_text(to, size, "[%u]", section);
}

/* A section's symbol has no name of its own. */
static void name_symbol(const struct elf *elf, uint32_t symbol, char *to, size_t size)
{
	const Elf64_Sym *sym = &elf->symbols[symbol];

	if (sym->st_name > 0 && sym->st_name < elf->symbol_names_size)
		string_copy(to, size, elf->symbol_names + sym->st_name);
	else if (ELF64_ST_TYPE(sym->st_info) == STT_SECTION && sym->st_shndx < elf->n_sections)
		name_section(elf, sym->st_shndx, to, size);
	else
		format_text(to, size, "[%u]", symbol);
}

int elf_refuse(const struct elf_at *at, const char *what, const char *format, ...)
{
	char text[2 * sizeof(at->reterr->found)];
	struct diag diag = { .offset = at->offset };
	size_t bar = 0;
	va_list arguments;

	va_start(arguments, format);
	format_list(text, sizeof(text), format, arguments);
	va_end(arguments);
	while (text[bar] && text[bar] != '|')
		bar++;
	if (text[bar])
		string_copy(diag.found, sizeof(diag.found), text + bar + 1);
	text[bar] = 0;
	string_copy(diag.expected, sizeof(diag.expected), text);
	string_copy(diag.what, sizeof(diag.what), what);
	string_copy(diag.cell, sizeof(diag.cell), at->elf->name);
	if (at->section)
		name_section(at->elf, at->section, diag.section, sizeof(diag.section));
	if (at->symbol)
		name_symbol(at->elf, at->symbol, diag.symbol, sizeof(diag.symbol));
	*at->reterr = diag;
	return -EBADMSG;
}

static int check_ident(const struct elf *elf, struct diag *reterr)
{
	static const uint8_t magic[] = { 0x7f, 'E', 'L', 'F' };
	const uint8_t *ident = elf->bytes;
	struct elf_at at = { .elf = elf, .reterr = reterr };

	if (elf->size < sizeof(Elf64_Ehdr))
		return elf_refuse(&at, "file is shorter than an ELF header",
				  "at least %zu bytes|%zu", sizeof(Elf64_Ehdr), elf->size);
	if ((uintptr_t)elf->bytes % _Alignof(Elf64_Ehdr) != 0)
		return elf_refuse(&at, "object is not aligned in memory", "a multiple of %zu|%zu",
				  _Alignof(Elf64_Ehdr), (size_t)elf->bytes);
	if (memcmp(ident, magic, sizeof(magic)) != 0)
		return elf_refuse(&at, "bad magic", "7f 45 4c 46|%02x %02x %02x %02x", ident[0],
				  ident[1], ident[2], ident[3]);
	at.offset = EI_CLASS;
	if (ident[EI_CLASS] != ELFCLASS64)
		return elf_refuse(&at, "wrong class", "%u (64 bits)|%u", ELFCLASS64,
				  ident[EI_CLASS]);
	at.offset = EI_DATA;
	if (ident[EI_DATA] != ELFDATA2LSB)
		return elf_refuse(&at, "wrong byte order", "%u (little endian)|%u", ELFDATA2LSB,
				  ident[EI_DATA]);
	at.offset = EI_VERSION;
	if (ident[EI_VERSION] != EV_CURRENT)
		return elf_refuse(&at, "wrong version of the ELF header", "%u|%u", EV_CURRENT,
				  ident[EI_VERSION]);
	return 0;
}

static int check_header(const struct elf *elf, struct diag *reterr)
{
	const Elf64_Ehdr *ehdr = elf->ehdr;
	struct elf_at at = { .elf = elf, .reterr = reterr };

	at.offset = offsetof(Elf64_Ehdr, e_type);
	if (ehdr->e_type != ET_REL)
		return elf_refuse(&at, "not a relocatable object", "type %u (REL)|%u", ET_REL,
				  ehdr->e_type);
	at.offset = offsetof(Elf64_Ehdr, e_machine);
	if (ehdr->e_machine != EM_X86_64)
		return elf_refuse(&at, "wrong machine", "%u (x86-64)|%u", EM_X86_64,
				  ehdr->e_machine);
	at.offset = offsetof(Elf64_Ehdr, e_version);
	if (ehdr->e_version != EV_CURRENT)
		return elf_refuse(&at, "wrong version of the object", "%u|%u", EV_CURRENT,
				  ehdr->e_version);
	at.offset = offsetof(Elf64_Ehdr, e_ehsize);
	if (ehdr->e_ehsize != sizeof(Elf64_Ehdr))
		return elf_refuse(&at, "wrong size of the ELF header", "%zu|%u", sizeof(Elf64_Ehdr),
				  ehdr->e_ehsize);
	at.offset = offsetof(Elf64_Ehdr, e_shentsize);
	if (ehdr->e_shentsize != sizeof(Elf64_Shdr))
		return elf_refuse(&at, "wrong size of a section header", "%zu|%u",
				  sizeof(Elf64_Shdr), ehdr->e_shentsize);
	return 0;
}

int elf_open(struct elf *ret, const char *name, const void *bytes, size_t size, struct diag *reterr)
{
	struct elf elf = { .bytes = bytes, .size = size, .ehdr = bytes };
	int r;

	string_copy(elf.name, sizeof(elf.name), name);
	r = check_ident(&elf, reterr);
	if (r == 0)
		r = check_header(&elf, reterr);
	if (r == 0)
		r = elf_check_sections(&elf, reterr);
	if (r == 0)
		r = elf_check_overlap(&elf, reterr);
	if (r == 0)
		r = elf_check_symbols(&elf, reterr);
	if (r == 0)
		r = elf_check_groups(&elf, reterr);
	if (r == 0)
		r = elf_check_relas(&elf, reterr);
	if (r == 0)
		*ret = elf;
	return r;
}

uint32_t elf_find_section(const struct elf *elf, const char *name)
{
	for (uint32_t i = 1; i < elf->n_sections; i++)
		if (string_equal(elf_section_name(elf, i), name))
			return i;
	return 0;
}
