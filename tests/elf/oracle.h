/* SPDX-License-Identifier: MIT */
/*
 * What libelf says of an object, in types that do not collide with
 * elf/types.h (libelf brings the host's <elf.h>).  Host only.
 */
#ifndef TESTS_ELF_ORACLE_H
#define TESTS_ELF_ORACLE_H

#include <stddef.h>
#include <stdint.h>

struct oracle;

struct oracle_section {
	const char *name;
	uint32_t type, link, info;
	uint64_t flags, offset, size, alignment, entry_size;
	const void *bytes; /* NULL: none */
};

struct oracle_symbol {
	const char *name;
	uint8_t info, other;
	uint32_t section; /* extended indices resolved */
	uint64_t value, size;
};

struct oracle_rela {
	uint64_t offset;
	uint32_t type, symbol;
	int64_t addend;
};

/* NULL: libelf refuses it, or it is not a 64-bit object.  Borrows the bytes. */
struct oracle *oracle_open(const void *bytes, size_t size);
void oracle_close(struct oracle *oracle);

size_t oracle_n_sections(const struct oracle *oracle);
size_t oracle_symtab(const struct oracle *oracle); /* 0: none */
size_t oracle_n_symbols(const struct oracle *oracle);
size_t oracle_n_relas(const struct oracle *oracle, size_t section);

/* Nonzero: libelf cannot say. */
int oracle_section(const struct oracle *oracle, size_t section, struct oracle_section *ret);
int oracle_symbol(const struct oracle *oracle, size_t symbol, struct oracle_symbol *ret);
int oracle_rela(const struct oracle *oracle, size_t section, size_t i, struct oracle_rela *ret);

/* Section headers can be read, and symbols and relocations where they say that some are. */
int oracle_accepts(const struct oracle *oracle);

/* What the ELF header says; 0: libelf sees no ELF file. */
struct oracle_header {
	unsigned int class, data, type, machine;
};
int oracle_read_header(const void *bytes, size_t size, struct oracle_header *ret);

/*
 * Calls `visit` for each ELF file that is a member of an ar archive; the bytes
 * are a copy of that size from malloc, so aligned.  Returns how many; -1: no archive.
 */
long oracle_members(const char *path,
		    void (*visit)(const char *member, const void *bytes, size_t size));
/* The same, of relocatable x86-64 members only. */
long oracle_archive(const char *path,
		    void (*visit)(const char *member, const void *bytes, size_t size));

#endif
