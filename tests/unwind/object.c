/* SPDX-License-Identifier: MIT */
/* The unwind tables of a relocatable object, see object.h. */
#define _GNU_SOURCE
#include "object.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Behind the file: the tables, then what undefined and zero-filled symbols stand for. */
#define ELSEWHERE (64 << 10)

static Elf64_Ehdr *header(const struct object *object)
{
	return (Elf64_Ehdr *)object->bytes;
}

static Elf64_Shdr *sections(const struct object *object)
{
	return (Elf64_Shdr *)(object->bytes + header(object)->e_shoff);
}

static size_t n_sections(const struct object *object)
{
	return header(object)->e_shnum ? header(object)->e_shnum : sections(object)[0].sh_size;
}

static const char *section_name(const struct object *object, const Elf64_Shdr *section)
{
	uint32_t names = header(object)->e_shstrndx;

	if (names == SHN_XINDEX)
		names = sections(object)[0].sh_link;
	return (const char *)object->bytes + sections(object)[names].sh_offset + section->sh_name;
}

static _Noreturn void give_up(const struct object *object, const char *what, uint64_t number)
{
	printf("Bail out! %s: %s %lu\n", object->name, what, number);
	exit(99);
}

static int is_eh_frame(const struct object *object, const Elf64_Shdr *section)
{
	return strcmp(section_name(object, section), ".eh_frame") == 0 && section->sh_size > 0 &&
	       section->sh_type != SHT_NOBITS;
}

static int has_tables(const struct object *object, const Elf64_Shdr *section)
{
	return is_eh_frame(object, section) ||
	       strncmp(section_name(object, section), ".gcc_except_table", 17) == 0;
}

/* Says in the headers where everything is; moves the .eh_frame together. */
static void place_sections(struct object *object)
{
	uint8_t *end = object->bytes + ((object->size + 7) & ~(size_t)7), *at = end;
	Elf64_Shdr *first = NULL;

	for (size_t i = 1; i < n_sections(object); i++) {
		Elf64_Shdr *section = &sections(object)[i];

		if (is_eh_frame(object, section)) {
			memcpy(at, object->bytes + section->sh_offset, section->sh_size);
			section->sh_offset = (uint64_t)(at - object->bytes);
			at += section->sh_size;
			first = first ? first : section;
		}
		if (section->sh_type == SHT_NOBITS)
			section->sh_addr = (uintptr_t)object->bytes + object->mapped - ELSEWHERE;
		else
			section->sh_addr = (uintptr_t)object->bytes + section->sh_offset;
	}
	if (!first)
		return;
	object->eh_frame = end;
	object->eh_frame_size = (size_t)(at - end) + 4;
}

/* For readers of ELF files: one .eh_frame, which has a terminator. */
static void join_eh_frames(const struct object *object)
{
	int found = 0;

	for (size_t i = 1; i < n_sections(object); i++) {
		Elf64_Shdr *section = &sections(object)[i];

		if (!is_eh_frame(object, section))
			continue;
		section->sh_size = found ? 0 : object->eh_frame_size;
		found = 1;
	}
}

static uint64_t symbol_value(const struct object *object, const Elf64_Shdr *table, uint64_t number)
{
	const Elf64_Shdr *symtab = &sections(object)[table->sh_link];
	const Elf64_Sym *symbol = (const Elf64_Sym *)(object->bytes + symtab->sh_offset) + number;
	uint32_t section = symbol->st_shndx;

	if (section == SHN_XINDEX) {
		for (size_t i = 1; i < n_sections(object); i++) {
			const Elf64_Shdr *extended = &sections(object)[i];

			if (extended->sh_type == SHT_SYMTAB_SHNDX)
				memcpy(&section, object->bytes + extended->sh_offset + 4 * number,
				       4);
		}
	} else if (section == SHN_ABS) {
		return symbol->st_value;
	} else if (section == SHN_UNDEF || section == SHN_COMMON) {
		return (uintptr_t)object->bytes + object->mapped - ELSEWHERE;
	}
	return sections(object)[section].sh_addr + symbol->st_value;
}

/* psABI table 4.9 */
static void relocate(const struct object *object, const Elf64_Shdr *table)
{
	const Elf64_Shdr *section = &sections(object)[table->sh_info];
	const Elf64_Rela *relas = (const Elf64_Rela *)(object->bytes + table->sh_offset);

	for (size_t i = 0; i < table->sh_size / sizeof(*relas); i++) {
		uint64_t place = section->sh_addr + relas[i].r_offset;
		uint64_t value = symbol_value(object, table, ELF64_R_SYM(relas[i].r_info)) +
				 (uint64_t)relas[i].r_addend;
		size_t width = 4;

		switch (ELF64_R_TYPE(relas[i].r_info)) {
		case R_X86_64_NONE:
			continue;
		case R_X86_64_PC64:
			width = 8;
			value -= place;
			break;
		case R_X86_64_64:
			width = 8;
			break;
		case R_X86_64_PC32:
		case R_X86_64_PLT32:
			value -= place;
			break;
		case R_X86_64_32:
		case R_X86_64_32S:
			break;
		default:
			give_up(object, "unwind tables with relocation type",
				ELF64_R_TYPE(relas[i].r_info));
		}
		memcpy((void *)place, &value, width);
	}
}

static int index_tables(struct object *object, struct diag *reterr)
{
	uint64_t at = (uintptr_t)object->eh_frame, low = (uintptr_t)object->bytes;
	uint64_t high = low + object->mapped;
	size_t size = object->eh_frame_size, count;
	int r;

	if (!object->eh_frame)
		return 0;
	r = unwind_index(object->eh_frame, size, at, low, high, NULL, 0, &count, reterr);
	if (r != 0)
		return r;
	object->entries = calloc(count + 1, sizeof(*object->entries));
	return unwind_index(object->eh_frame, size, at, low, high, object->entries, count,
			    &object->n_entries, reterr);
}

static size_t size_of_tables(const void *bytes, size_t size)
{
	struct object file = { .bytes = (uint8_t *)(uintptr_t)bytes, .size = size };
	size_t sum = 0;

	for (size_t i = 1; i < n_sections(&file); i++) {
		if (is_eh_frame(&file, &sections(&file)[i]))
			sum += sections(&file)[i].sh_size;
	}
	return sum;
}

int object_load(struct object *ret, const char *name, const void *bytes, size_t size,
		struct diag *reterr)
{
	struct object object = { .name = name, .size = size };
	int r;

	object.mapped = ((size + 4095) & ~4095ul) + size_of_tables(bytes, size) + 2 * ELSEWHERE;
	object.bytes = mmap(NULL, object.mapped, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (object.bytes == MAP_FAILED)
		give_up(&object, "no memory for bytes:", object.mapped);
	memcpy(object.bytes, bytes, size);
	place_sections(&object);
	for (size_t i = 1; i < n_sections(&object); i++) {
		const Elf64_Shdr *table = &sections(&object)[i];

		if (table->sh_type == SHT_RELA &&
		    has_tables(&object, &sections(&object)[table->sh_info]))
			relocate(&object, table);
	}
	join_eh_frames(&object);
	r = index_tables(&object, reterr);
	*ret = object;
	return r;
}

void object_unload(struct object *object)
{
	free(object->entries);
	munmap(object->bytes, object->mapped);
}

int object_has_word(const struct object *object, uint64_t address)
{
	uint64_t offset = address - (uintptr_t)object->bytes;

	return offset < object->mapped && object->mapped - offset >= 8;
}
