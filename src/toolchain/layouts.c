/* SPDX-License-Identifier: MIT */
/* Walking types from the declarations of the interface; see layouts.h. */
#include "layouts.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "siphash.h"
#include "spelling.h"

struct layout {
	char *name; /* "struct x" */
	uint64_t hash;
};

struct walk {
	struct layout *layouts;
	size_t n_layouts;
	size_t layout_capacity;
	void **seen; /* Dwarf_Die.addr of the tags walked through */
	size_t n_seen;
	size_t seen_capacity;
};

static void walk_type(struct walk *walk, Dwarf_Die *die);

/* Two sources of one cell may use a tag for different things: then it is compared with none. */
static void add_layout(struct walk *walk, const char *name, uint64_t hash)
{
	for (size_t i = 0; i < walk->n_layouts; i++) {
		struct layout *layout = &walk->layouts[i];

		if (strcmp(layout->name, name) != 0)
			continue;
		if (layout->hash != hash)
			layout->hash = 0;
		return;
	}
	walk->layouts = object_grow(walk->layouts, walk->n_layouts, &walk->layout_capacity,
				    sizeof(*walk->layouts));
	walk->layouts[walk->n_layouts++] =
		(struct layout){ .name = object_copy(name), .hash = hash };
}

static bool see(struct walk *walk, Dwarf_Die *die)
{
	for (size_t i = 0; i < walk->n_seen; i++)
		if (walk->seen[i] == die->addr)
			return false;
	walk->seen =
		object_grow(walk->seen, walk->n_seen, &walk->seen_capacity, sizeof(*walk->seen));
	walk->seen[walk->n_seen++] = die->addr;
	return true;
}

static void walk_children(struct walk *walk, Dwarf_Die *die)
{
	Dwarf_Die child;
	int r = dwarf_child(die, &child);

	for (; r == 0; r = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_member || tag == DW_TAG_formal_parameter)
			walk_type(walk, &child);
	}
}

/* `type` is the tag as it was reached: a tag without a name has that of its typedef. */
static void walk_tag(struct walk *walk, Dwarf_Die *tag, Dwarf_Die *type)
{
	struct text name = { 0 }, layout = { 0 };

	if (die_has(tag, DW_AT_declaration) || !see(walk, tag))
		return;
	spell_tag_name(&name, type);
	spell_layout(&layout, tag);
	if (name.length)
		add_layout(walk, name.bytes, type_text_hash(layout.bytes));
	walk_children(walk, tag);
	text_free(&name);
	text_free(&layout);
}

/* What the type of a declaration, member or pointer leads to. */
static void walk_type(struct walk *walk, Dwarf_Die *die)
{
	Dwarf_Die type, bare;

	if (!die_type(die, &type) || !die_bare_type(&type, &bare))
		return;
	switch (dwarf_tag(&bare)) {
	case DW_TAG_pointer_type:
	case DW_TAG_array_type:
		walk_type(walk, &bare);
		break;
	case DW_TAG_subroutine_type:
		walk_type(walk, &bare);
		walk_children(walk, &bare);
		break;
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		walk_tag(walk, &bare, &type);
		break;
	}
}

static bool is_shared(const struct symbol *symbol)
{
	if (symbol_is_local(symbol) || symbol_is_hidden(symbol))
		return false;
	return symbol_is_defined(symbol) || symbol->sym.st_shndx == SHN_UNDEF;
}

void layouts_record(const struct object *object, const struct types *types,
		    const struct symbol *state, struct records *records)
{
	struct walk walk = { 0 };

	for (size_t i = 1; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];
		const struct declaration *declaration = NULL;

		if (symbol != state && !is_shared(symbol))
			continue;
		while ((declaration = types_next(types, symbol, declaration))) {
			walk_type(&walk, (Dwarf_Die *)&declaration->die);
			walk_children(&walk, (Dwarf_Die *)&declaration->die);
		}
	}
	for (size_t i = 0; i < walk.n_layouts; i++) {
		records_add_symbol(records, walk.layouts[i].name, NOTE_TYPE_LAYOUT,
				   walk.layouts[i].hash);
		free(walk.layouts[i].name);
	}
	free(walk.layouts);
	free(walk.seen);
}
