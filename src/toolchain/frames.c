/* SPDX-License-Identifier: MIT */
/*
 * Which code the FDEs of .eh_frame cover.  What they say is not looked at:
 * that is the unwinder's (src/unwind).  Source: Linux Standard Base 5.0,
 * chapter 10.6, "Exception Frames".
 */
#include "frames.h"

#include <stdlib.h>
#include <string.h>

/* Code that one FDE covers. */
struct range {
	size_t section;
	uint64_t begin, end;
};

struct ranges {
	struct range *items;
	size_t count;
	size_t capacity;
};

static uint32_t read_u32(const struct section *section, uint64_t at)
{
	uint32_t word = 0;

	if (at + sizeof(word) <= section->shdr.sh_size)
		memcpy(&word, section->bytes + at, sizeof(word));
	return word;
}

static uint64_t read_u64(const struct section *section, uint64_t at)
{
	return read_u32(section, at) | (uint64_t)read_u32(section, at + 4) << 32;
}

/* PC begin is a relocation, whose type tells how wide begin and range are. */
static void add_fde(struct object *object, const struct section *section, uint64_t at,
		    struct ranges *ranges)
{
	const Elf64_Rela *rela = section_rela_at(section, at);
	struct range range = { 0 };
	unsigned int type = rela ? ELF64_R_TYPE(rela->r_info) : R_X86_64_NONE;
	uint64_t size =
		type == R_X86_64_PC32 ? read_u32(section, at + 4) : read_u64(section, at + 8);

	if (type != R_X86_64_PC32 && type != R_X86_64_PC64 && type != R_X86_64_64) {
		section_refuse(object, section, "FDE at offset %llu begins nowhere",
			       (unsigned long long)at - 8);
		return;
	}
	range.section = rela_target(object, rela, 0, &range.begin);
	range.end = range.begin + size;
	ranges->items = object_grow(ranges->items, ranges->count, &ranges->capacity,
				    sizeof(*ranges->items));
	ranges->items[ranges->count++] = range;
}

static void collect(struct object *object, const struct section *section, struct ranges *ranges)
{
	uint64_t at = 0, length;

	for (; at + 4 <= section->shdr.sh_size; at += 4 + length) {
		length = read_u32(section, at);
		if (length == 0)
			continue;
		if (length >= 0xfffffff0 || length > section->shdr.sh_size - at - 4) {
			section_refuse(object, section, "entry at offset %llu leaves the section",
				       (unsigned long long)at);
			return;
		}
		if (read_u32(section, at + 4) != 0)
			add_fde(object, section, at + 8, ranges);
	}
}

/* The range that covers an address; NULL: none. */
static const struct range *find_range(const struct ranges *ranges, size_t section, uint64_t at)
{
	for (size_t i = 0; i < ranges->count; i++) {
		const struct range *range = &ranges->items[i];

		if (range->section == section && range->begin <= at && at < range->end)
			return range;
	}
	return NULL;
}

/* A function may have several FDEs, end to end. */
static bool is_covered(const struct ranges *ranges, size_t section, uint64_t begin, uint64_t end)
{
	const struct range *range;

	for (; begin < end; begin = range->end) {
		range = find_range(ranges, section, begin);
		if (!range)
			return false;
	}
	return true;
}

/* A label that others can call counts, whatever type the assembly gave it. */
static bool is_function(const struct symbol *symbol)
{
	unsigned int type = symbol_type(symbol);

	return type == STT_FUNC || (type == STT_NOTYPE && !symbol_is_local(symbol));
}

static void check_section(struct object *object, const struct ranges *ranges, size_t index)
{
	const struct section *section = &object->sections[index];
	bool has_function = false;

	for (size_t i = 1; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];
		uint64_t begin = symbol->sym.st_value;
		uint64_t size = symbol->sym.st_size ? symbol->sym.st_size : 1;

		if (symbol->sym.st_shndx != index || !is_function(symbol))
			continue;
		has_function = true;
		if (!is_covered(ranges, index, begin, begin + size))
			section_refuse(object, section, "function `%s' has no unwind tables",
				       symbol->name);
	}
	if (!has_function && section->shdr.sh_size)
		section_refuse(object, section, "code without a function");
}

void frames_check(struct object *object)
{
	struct ranges ranges = { 0 };

	for (size_t i = 1; i < object->n_sections; i++)
		if (strcmp(object->sections[i].name, ".eh_frame") == 0 && object->sections[i].bytes)
			collect(object, &object->sections[i], &ranges);
	for (size_t i = 1; i < object->n_sections; i++)
		if (section_is_code(&object->sections[i]))
			check_section(object, &ranges, i);
	free(ranges.items);
}
