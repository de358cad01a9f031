/* SPDX-License-Identifier: MIT */
/* libelf as the witness (oracle.h). */
#include "oracle.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct oracle {
	Elf *elf;
	size_t n_sections, names;
	size_t symtab, n_symbols, strings;
	Elf_Data *symbols, *extended;
};

static Elf_Data *section_data(const struct oracle *oracle, size_t section, GElf_Shdr *ret)
{
	Elf_Scn *scn = elf_getscn(oracle->elf, section);

	if (!scn || !gelf_getshdr(scn, ret))
		return NULL;
	return elf_getdata(scn, NULL);
}

static void find_symbols(struct oracle *oracle)
{
	for (size_t i = 1; i < oracle->n_sections; i++) {
		GElf_Shdr shdr;
		Elf_Data *data = section_data(oracle, i, &shdr);

		if (!data)
			continue;
		if (shdr.sh_type == SHT_SYMTAB_SHNDX)
			oracle->extended = data;
		if (shdr.sh_type != SHT_SYMTAB)
			continue;
		oracle->symtab = i;
		oracle->symbols = data;
		oracle->strings = shdr.sh_link;
		oracle->n_symbols =
			shdr.sh_size / gelf_fsize(oracle->elf, ELF_T_SYM, 1, EV_CURRENT);
	}
}

struct oracle *oracle_open(const void *bytes, size_t size)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));

	elf_version(EV_CURRENT);
	if (!oracle)
		return NULL;
	oracle->elf = elf_memory((char *)(uintptr_t)bytes, size);
	if (!oracle->elf || elf_kind(oracle->elf) != ELF_K_ELF ||
	    gelf_getclass(oracle->elf) != ELFCLASS64 ||
	    elf_getshdrnum(oracle->elf, &oracle->n_sections) != 0 ||
	    elf_getshdrstrndx(oracle->elf, &oracle->names) != 0) {
		oracle_close(oracle);
		return NULL;
	}
	find_symbols(oracle);
	return oracle;
}

void oracle_close(struct oracle *oracle)
{
	elf_end(oracle->elf);
	free(oracle);
}

size_t oracle_n_sections(const struct oracle *oracle)
{
	return oracle->n_sections;
}

size_t oracle_symtab(const struct oracle *oracle)
{
	return oracle->symtab;
}

size_t oracle_n_symbols(const struct oracle *oracle)
{
	return oracle->n_symbols;
}

size_t oracle_n_relas(const struct oracle *oracle, size_t section)
{
	GElf_Shdr shdr;
	Elf_Data *data = section_data(oracle, section, &shdr);

	if (!data || shdr.sh_type != SHT_RELA)
		return 0;
	return shdr.sh_size / gelf_fsize(oracle->elf, ELF_T_RELA, 1, EV_CURRENT);
}

int oracle_section(const struct oracle *oracle, size_t section, struct oracle_section *ret)
{
	Elf_Scn *scn = elf_getscn(oracle->elf, section);
	GElf_Shdr shdr;
	Elf_Data *raw;

	if (!scn || !gelf_getshdr(scn, &shdr))
		return -1;
	raw = elf_rawdata(scn, NULL);
	*ret = (struct oracle_section){
		.name = elf_strptr(oracle->elf, oracle->names, shdr.sh_name),
		.type = shdr.sh_type,
		.link = shdr.sh_link,
		.info = shdr.sh_info,
		.flags = shdr.sh_flags,
		.offset = shdr.sh_offset,
		.size = shdr.sh_size,
		.alignment = shdr.sh_addralign,
		.entry_size = shdr.sh_entsize,
		.bytes = raw ? raw->d_buf : NULL,
	};
	return ret->name ? 0 : -1;
}

int oracle_symbol(const struct oracle *oracle, size_t symbol, struct oracle_symbol *ret)
{
	GElf_Sym sym;
	Elf32_Word extended = 0;

	if (!gelf_getsymshndx(oracle->symbols, oracle->extended, (int)symbol, &sym, &extended))
		return -1;
	*ret = (struct oracle_symbol){
		.name = elf_strptr(oracle->elf, oracle->strings, sym.st_name),
		.info = sym.st_info,
		.other = sym.st_other,
		.section = sym.st_shndx == SHN_XINDEX ? extended : sym.st_shndx,
		.value = sym.st_value,
		.size = sym.st_size,
	};
	return ret->name ? 0 : -1;
}

int oracle_rela(const struct oracle *oracle, size_t section, size_t i, struct oracle_rela *ret)
{
	GElf_Shdr shdr;
	GElf_Rela rela;
	Elf_Data *data = section_data(oracle, section, &shdr);

	if (!data || !gelf_getrela(data, (int)i, &rela))
		return -1;
	*ret = (struct oracle_rela){
		.offset = rela.r_offset,
		.type = (uint32_t)GELF_R_TYPE(rela.r_info),
		.symbol = (uint32_t)GELF_R_SYM(rela.r_info),
		.addend = rela.r_addend,
	};
	return 0;
}

int oracle_read_header(const void *bytes, size_t size, struct oracle_header *ret)
{
	Elf *elf;
	GElf_Ehdr ehdr;
	int found;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)(uintptr_t)bytes, size);
	found = elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &ehdr);
	if (found)
		*ret = (struct oracle_header){ .class = ehdr.e_ident[EI_CLASS],
					       .data = ehdr.e_ident[EI_DATA],
					       .type = ehdr.e_type,
					       .machine = ehdr.e_machine };
	elf_end(elf);
	return found;
}

int oracle_accepts(const struct oracle *oracle)
{
	struct oracle_section section;
	struct oracle_symbol symbol;
	struct oracle_rela rela;

	for (size_t i = 0; i < oracle->n_sections; i++) {
		if (oracle_section(oracle, i, &section) != 0)
			return 0;
		for (size_t k = 0; k < oracle_n_relas(oracle, i); k++) {
			if (oracle_rela(oracle, i, k, &rela) != 0)
				return 0;
		}
	}
	for (size_t i = 0; i < oracle->n_symbols; i++) {
		if (oracle_symbol(oracle, i, &symbol) != 0)
			return 0;
	}
	return 1;
}

static int visit_member(Elf *member, void (*visit)(const char *, const void *, size_t), int all)
{
	Elf_Arhdr *header = elf_getarhdr(member);
	GElf_Ehdr ehdr;
	size_t size;
	char *raw;
	void *copy;

	if (!header || elf_kind(member) != ELF_K_ELF || !gelf_getehdr(member, &ehdr))
		return 0;
	if (!all && (ehdr.e_type != ET_REL || ehdr.e_machine != EM_X86_64))
		return 0;
	raw = elf_rawfile(member, &size);
	copy = raw ? malloc(size) : NULL;
	if (!copy)
		return 0;
	memcpy(copy, raw, size);
	visit(header->ar_name, copy, size);
	free(copy);
	return 1;
}

static long visit_members(const char *path, void (*visit)(const char *, const void *, size_t),
			  int all)
{
	int fd = open(path, O_RDONLY);
	Elf_Cmd command = ELF_C_READ_MMAP;
	Elf *archive, *member;
	long count = 0;

	elf_version(EV_CURRENT);
	archive = fd < 0 ? NULL : elf_begin(fd, command, NULL);
	if (!archive || elf_kind(archive) != ELF_K_AR)
		count = -1;
	while (count >= 0 && (member = elf_begin(fd, command, archive)) != NULL) {
		count += visit_member(member, visit, all);
		command = elf_next(member);
		elf_end(member);
	}
	elf_end(archive);
	if (fd >= 0)
		close(fd);
	return count;
}

long oracle_members(const char *path, void (*visit)(const char *, const void *, size_t))
{
	return visit_members(path, visit, 1);
}

long oracle_archive(const char *path, void (*visit)(const char *, const void *, size_t))
{
	return visit_members(path, visit, 0);
}
