/* SPDX-License-Identifier: MIT */
/*
 * The layout of a cell's state: its size, the hash that two versions must share
 * for the state to be adopted, and its members for people and for migration.
 */
#include "types.h"

#include <dwarf.h>
#include <string.h>

#include "siphash.h"
#include "spelling.h"

static uint64_t type_size(Dwarf_Die *type)
{
	Dwarf_Word size;

	return dwarf_aggregate_size(type, &size) ? 0 : size;
}

static void record_members(struct records *records, Dwarf_Die *tag, const char *prefix,
			   uint64_t base);

static void record_member(struct records *records, Dwarf_Die *member, const char *name,
			  uint64_t offset)
{
	struct text spelling = { 0 }, canonical = { 0 };
	Dwarf_Die type, *found = die_type(member, &type);
	struct note_field field = { .offset = offset, .size = found ? type_size(&type) : 0 };

	spell_c(&spelling, found);
	if (die_has(member, DW_AT_bit_size)) {
		uint64_t bit = die_number(member, DW_AT_data_bit_offset);

		text_add(&spelling, " : %llu",
			 (unsigned long long)die_number(member, DW_AT_bit_size));
		field.offset = offset + bit / 8;
		field.size = (bit % 8 + die_number(member, DW_AT_bit_size) + 7) / 8;
	}
	spell_type(&canonical, found, SPELLING_DEEP);
	field.type_hash = type_text_hash(canonical.bytes);
	records_add_field(records, name, spelling.bytes, &field);
	text_free(&spelling);
	text_free(&canonical);
}

/* Structs are opened, arrays of structs listed and opened once; unions stay closed. */
static void record_field(struct records *records, Dwarf_Die *member, const char *name,
			 uint64_t offset)
{
	Dwarf_Die type, bare, element, *opened;
	bool is_array = false;

	opened = die_type(member, &type) ? die_bare_type(&type, &bare) : NULL;
	while (opened && dwarf_tag(opened) == DW_TAG_array_type) {
		is_array = true;
		opened = die_type(opened, &element) ? die_bare_type(&element, &bare) : NULL;
	}
	if (!opened || dwarf_tag(opened) != DW_TAG_structure_type) {
		record_member(records, member, name, offset);
		return;
	}
	if (is_array)
		record_member(records, member, name, offset);
	if (!is_array || type_size(&type) != 0)
		record_members(records, opened, name, offset);
}

static void record_members(struct records *records, Dwarf_Die *tag, const char *prefix,
			   uint64_t base)
{
	Dwarf_Die child;
	int r = dwarf_child(tag, &child);

	for (; r == 0; r = dwarf_siblingof(&child, &child)) {
		const char *name = dwarf_diename(&child);
		struct text path = { 0 };

		if (dwarf_tag(&child) != DW_TAG_member)
			continue;
		text_add(&path, "%s%s%s", prefix, *prefix && name ? "." : "", name ? name : "");
		record_field(records, &child, path.bytes,
			     base + die_number(&child, DW_AT_data_member_location));
		text_free(&path);
	}
}

void types_record_state(const struct types *types, struct object *object,
			const struct symbol *symbol, struct records *records)
{
	const struct declaration *declaration = types_find(types, symbol);
	Dwarf_Die type, bare, *tag = NULL;
	struct text canonical = { 0 };

	if (declaration && die_type((Dwarf_Die *)&declaration->die, &type))
		tag = die_bare_type(&type, &bare);
	if (!tag || dwarf_tag(tag) != DW_TAG_structure_type || !dwarf_diename(tag) ||
	    strcmp(dwarf_diename(tag), symbol->name) != 0) {
		object_refuse(object, "the state `%s' is not a struct of that name in the DWARF",
			      symbol->name);
		return;
	}
	spell_type(&canonical, tag, SPELLING_DEEP);
	records->header.state_size = symbol->sym.st_size;
	records->header.state_hash = type_text_hash(canonical.bytes);
	record_members(records, tag, "", 0);
	text_free(&canonical);
}
