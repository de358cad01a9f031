/* SPDX-License-Identifier: MIT */
/*
 * The object that cellc checks: sections and symbols of a relocatable ELF64
 * file, read through libelf and never changed.  Host only; not freestanding.
 *
 * The input comes from the build's own assembler and linker, so this reader is
 * the compiler's back end, not a border: what distrusts bytes is src/elf.
 */
#ifndef TOOLCHAIN_OBJECT_H
#define TOOLCHAIN_OBJECT_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct section {
	const char *name;
	Elf64_Shdr shdr;
	const uint8_t *bytes;	 /* NULL: SHT_NOBITS or empty */
	const Elf64_Rela *relas; /* that apply to this section */
	size_t n_relas;
	size_t rela; /* index of the SHT_RELA section that holds them; 0: none */
};

struct symbol {
	const char *name;
	const char *file; /* of a local symbol: the STT_FILE before it; "" otherwise */
	Elf64_Sym sym;
};

struct object {
	const char *path;
	int fd;
	Elf *elf;
	Elf64_Ehdr ehdr;
	struct section *sections;
	size_t n_sections;
	struct symbol *symbols;
	size_t n_symbols;
	size_t *order; /* the symbols, as they are written and recorded */
	size_t symtab; /* section index */
	unsigned int n_errors;
};

/* Exits with a message when the file is not a relocatable x86-64 object. */
void object_open(struct object *ret, const char *path);
void object_close(struct object *object);

/* Prints "cellc: PATH: TEXT" and counts it; the object is refused in the end. */
void object_refuse(struct object *object, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same with "section NAME: " before the text. */
void section_refuse(struct object *object, const struct section *section, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool section_is_code(const struct section *section);
/* Written while the cell runs: not what the linker only relocates. */
bool section_is_mutable(const struct object *object, const struct section *section);
bool section_is_debug(const struct section *section);
/* The relocation of the field at this offset; NULL: there is none. */
const Elf64_Rela *section_rela_at(const struct section *section, uint64_t at);

unsigned int symbol_type(const struct symbol *symbol);
unsigned int symbol_binding(const struct symbol *symbol);
bool symbol_is_local(const struct symbol *symbol);
bool symbol_is_hidden(const struct symbol *symbol);
bool symbol_is_defined(const struct symbol *symbol); /* in a section */
/* The function that starts at this offset of the section; NULL: none does. */
const struct symbol *object_function_at(const struct object *object, size_t section,
					uint64_t offset);
/* The first of this name; NULL: there is none. */
const struct symbol *object_find_symbol(const struct object *object, const char *name);
/* Where a relocation points, S + A; SHN_UNDEF when it is not in this object. */
size_t rela_target(const struct object *object, const Elf64_Rela *rela, int64_t bias,
		   uint64_t *ret_offset);

/* Memory or exit. */
void *object_allocate(size_t count, size_t size);
char *object_copy(const char *text);
void *object_grow(void *array, size_t count, size_t *capacity, size_t size);

#endif
