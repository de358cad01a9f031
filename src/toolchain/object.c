/* SPDX-License-Identifier: MIT */
/*
 * Reading the object, and the questions about sections and symbols that the
 * checks share.  What is refused is decided in the files named after it.
 */
#include "object.h"

#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PERSONALITY_WORD "DW.ref.__gcc_personality_v0"

void *object_allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		err(1, "out of memory");
	return memory;
}

void *object_grow(void *array, size_t count, size_t *capacity, size_t size)
{
	void *grown;

	if (count < *capacity)
		return array;
	*capacity = *capacity ? 2 * *capacity : 16;
	grown = reallocarray(array, *capacity, size);
	if (!grown)
		err(1, "out of memory");
	return grown;
}

char *object_copy(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		err(1, "out of memory");
	return copy;
}

void object_refuse(struct object *object, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "cellc: %s: ", object->path);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	object->n_errors++;
}

void section_refuse(struct object *object, const struct section *section, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "cellc: %s: section %s: ", object->path, section->name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	object->n_errors++;
}

static Elf_Data *section_data(struct object *object, Elf_Scn *scn)
{
	Elf_Data *data = elf_getdata(scn, NULL);

	if (!data)
		errx(1, "%s: %s", object->path, elf_errmsg(-1));
	return data;
}

static void read_section(struct object *object, size_t index)
{
	struct section *section = &object->sections[index];
	Elf_Scn *scn = elf_getscn(object->elf, index);

	if (!scn || !gelf_getshdr(scn, &section->shdr))
		errx(1, "%s: %s", object->path, elf_errmsg(-1));
	section->name = elf_strptr(object->elf, object->ehdr.e_shstrndx, section->shdr.sh_name);
	if (!section->name)
		errx(1, "%s: section %zu has no name", object->path, index);
	if (section->shdr.sh_type != SHT_NOBITS && section->shdr.sh_size != 0)
		section->bytes = section_data(object, scn)->d_buf;
	if (section->shdr.sh_type == SHT_SYMTAB)
		object->symtab = index;
}

static void read_sections(struct object *object)
{
	if (elf_getshdrnum(object->elf, &object->n_sections))
		errx(1, "%s: %s", object->path, elf_errmsg(-1));
	if (object->n_sections >= SHN_LORESERVE)
		errx(1, "%s: %zu sections, more than a cell may have", object->path,
		     object->n_sections);
	object->sections = object_allocate(object->n_sections, sizeof(*object->sections));
	object->sections[0].name = "";
	for (size_t i = 1; i < object->n_sections; i++)
		read_section(object, i);
	for (size_t i = 1; i < object->n_sections; i++) {
		struct section *rela = &object->sections[i];
		struct section *section;

		if (rela->shdr.sh_type != SHT_RELA || rela->shdr.sh_info >= object->n_sections)
			continue;
		section = &object->sections[rela->shdr.sh_info];
		section->rela = i;
		section->relas = (const Elf64_Rela *)rela->bytes;
		section->n_relas = rela->bytes ? rela->shdr.sh_size / sizeof(Elf64_Rela) : 0;
	}
}

static void read_symbols(struct object *object)
{
	const struct section *symtab = &object->sections[object->symtab];
	const Elf64_Sym *syms = (const Elf64_Sym *)symtab->bytes;
	const char *file = "";

	object->n_symbols = syms ? symtab->shdr.sh_size / sizeof(Elf64_Sym) : 0;
	object->symbols = object_allocate(object->n_symbols, sizeof(*object->symbols));
	for (size_t i = 0; i < object->n_symbols; i++) {
		struct symbol *symbol = &object->symbols[i];

		symbol->sym = syms[i];
		symbol->name = elf_strptr(object->elf, symtab->shdr.sh_link, syms[i].st_name);
		if (!symbol->name)
			errx(1, "%s: symbol %zu has no name", object->path, i);
		if (symbol_type(symbol) == STT_FILE)
			file = symbol->name;
		symbol->file = symbol_is_local(symbol) ? file : "";
	}
}

/* Where a symbol is written: local ones in their order, then the others by place. */
struct position {
	bool is_global;
	size_t section;
	uint64_t value;
	size_t symbol;
};

static int compare_positions(const void *a, const void *b)
{
	const struct position *one = a, *two = b;

	if (one->is_global != two->is_global)
		return one->is_global ? 1 : -1;
	if (one->section != two->section)
		return one->section < two->section ? -1 : 1;
	if (one->value != two->value)
		return one->value < two->value ? -1 : 1;
	return one->symbol < two->symbol ? -1 : 1;
}

/* In the order of their addresses, so that the linker has nothing to sort. */
static void order_symbols(struct object *object)
{
	struct position *positions = object_allocate(object->n_symbols, sizeof(*positions));

	object->order = object_allocate(object->n_symbols, sizeof(*object->order));
	for (size_t i = 0; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];

		positions[i].symbol = i;
		if (symbol_is_local(symbol))
			continue;
		positions[i].is_global = true;
		positions[i].section = symbol->sym.st_shndx;
		positions[i].value = symbol->sym.st_value;
	}
	qsort(positions, object->n_symbols, sizeof(*positions), compare_positions);
	for (size_t i = 0; i < object->n_symbols; i++)
		object->order[i] = positions[i].symbol;
	free(positions);
}

void object_open(struct object *ret, const char *path)
{
	struct object object = { .path = path };

	elf_version(EV_CURRENT);
	object.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (object.fd < 0)
		err(1, "%s", path);
	object.elf = elf_begin(object.fd, ELF_C_READ, NULL);
	if (!object.elf || elf_kind(object.elf) != ELF_K_ELF ||
	    !gelf_getehdr(object.elf, &object.ehdr))
		errx(1, "%s: not an ELF file", path);
	if (object.ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    object.ehdr.e_ident[EI_DATA] != ELFDATA2LSB || object.ehdr.e_type != ET_REL ||
	    object.ehdr.e_machine != EM_X86_64)
		errx(1, "%s: not a relocatable x86-64 object", path);
	read_sections(&object);
	if (object.symtab == 0)
		errx(1, "%s: no symbol table", path);
	read_symbols(&object);
	order_symbols(&object);
	*ret = object;
}

void object_close(struct object *object)
{
	free(object->order);
	free(object->symbols);
	free(object->sections);
	elf_end(object->elf);
	close(object->fd);
}

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool section_is_code(const struct section *section)
{
	return (section->shdr.sh_flags & SHF_ALLOC) && (section->shdr.sh_flags & SHF_EXECINSTR);
}

bool section_is_mutable(const struct object *object, const struct section *section)
{
	const uint64_t flags = SHF_ALLOC | SHF_WRITE;

	if ((section->shdr.sh_flags & flags) != flags)
		return false;
	if (strcmp(section->name, ".data.rel.ro") == 0 || starts(section->name, ".data.rel.ro."))
		return false;
	for (size_t i = 0; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];

		if (symbol->sym.st_shndx == (size_t)(section - object->sections) &&
		    strcmp(symbol->name, PERSONALITY_WORD) == 0)
			return section->shdr.sh_size != sizeof(uint64_t);
	}
	return true;
}

bool section_is_debug(const struct section *section)
{
	return starts(section->name, ".debug_") || starts(section->name, ".rela.debug_");
}

unsigned int symbol_type(const struct symbol *symbol)
{
	return ELF64_ST_TYPE(symbol->sym.st_info);
}

unsigned int symbol_binding(const struct symbol *symbol)
{
	return ELF64_ST_BIND(symbol->sym.st_info);
}

bool symbol_is_local(const struct symbol *symbol)
{
	return symbol_binding(symbol) == STB_LOCAL;
}

bool symbol_is_hidden(const struct symbol *symbol)
{
	unsigned int visibility = ELF64_ST_VISIBILITY(symbol->sym.st_other);

	return visibility == STV_HIDDEN || visibility == STV_INTERNAL;
}

bool symbol_is_defined(const struct symbol *symbol)
{
	return symbol->sym.st_shndx != SHN_UNDEF && symbol->sym.st_shndx < SHN_LORESERVE;
}

const struct symbol *object_function_at(const struct object *object, size_t section,
					uint64_t offset)
{
	for (size_t i = 1; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];

		if (symbol_type(symbol) == STT_FUNC && symbol->sym.st_shndx == section &&
		    symbol->sym.st_value == offset)
			return symbol;
	}
	return NULL;
}

const struct symbol *object_find_symbol(const struct object *object, const char *name)
{
	for (size_t i = 1; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];
		unsigned int type = symbol_type(symbol);

		if (type != STT_FILE && type != STT_SECTION && strcmp(symbol->name, name) == 0)
			return symbol;
	}
	return NULL;
}

const Elf64_Rela *section_rela_at(const struct section *section, uint64_t at)
{
	for (size_t i = 0; i < section->n_relas; i++)
		if (section->relas[i].r_offset == at)
			return &section->relas[i];
	return NULL;
}

size_t rela_target(const struct object *object, const Elf64_Rela *rela, int64_t bias,
		   uint64_t *ret_offset)
{
	size_t index = ELF64_R_SYM(rela->r_info);
	const struct symbol *symbol;

	if (index >= object->n_symbols)
		return SHN_UNDEF;
	symbol = &object->symbols[index];
	if (!symbol_is_defined(symbol) || symbol->sym.st_shndx >= object->n_sections)
		return SHN_UNDEF;
	*ret_offset = symbol->sym.st_value + (uint64_t)(rela->r_addend + bias);
	return symbol->sym.st_shndx;
}
