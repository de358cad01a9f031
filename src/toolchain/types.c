/* SPDX-License-Identifier: MIT */
/*
 * Finding declarations in the DWARF, which libdwfl relocates, and hashing
 * them.  How a type is spelled is in spelling.c.
 */
#include "types.h"

#include <dwarf.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "siphash.h"
#include "spelling.h"

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (slash)
		return slash + 1;
	return path ? path : "";
}

static const char *declared_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute))
		return dwarf_formstring(&attribute);
	return dwarf_diename(die);
}

static void add_declaration(struct types *types, Dwarf_Die *die, const char *file)
{
	const char *name = declared_name(die);
	struct declaration *declaration;

	/* Calls that gcc makes up itself have a DIE, but without a type. */
	if (!name || strncmp(dwarf_diename(die), "__builtin_", strlen("__builtin_")) == 0)
		return;
	types->declarations = object_grow(types->declarations, types->n_declarations,
					  &types->capacity, sizeof(*types->declarations));
	declaration = &types->declarations[types->n_declarations++];
	*declaration = (struct declaration){
		.name = name,
		.file = file,
		.is_external = die_has(die, DW_AT_external),
		.is_function = dwarf_tag(die) == DW_TAG_subprogram,
		.die = *die,
	};
}

/* Declarations may stand in blocks too: `extern` inside a function. */
static void collect(struct types *types, Dwarf_Die *parent, const char *file)
{
	Dwarf_Die child;
	int r = dwarf_child(parent, &child);

	for (; r == 0; r = dwarf_siblingof(&child, &child)) {
		bool is_top = dwarf_tag(parent) == DW_TAG_compile_unit;

		switch (dwarf_tag(&child)) {
		case DW_TAG_subprogram:
			add_declaration(types, &child, file);
			collect(types, &child, file);
			break;
		case DW_TAG_variable:
			if (is_top || die_has(&child, DW_AT_external))
				add_declaration(types, &child, file);
			break;
		case DW_TAG_lexical_block:
			collect(types, &child, file);
			break;
		}
	}
}

void types_open(struct types *ret, struct object *object)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
	};
	struct types types = { .dwfl = dwfl_begin(&callbacks) };
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	if (!types.dwfl || !dwfl_report_offline(types.dwfl, "", object->path, -1))
		errx(1, "%s: %s", object->path, dwfl_errmsg(-1));
	dwfl_report_end(types.dwfl, NULL, NULL);
	while ((unit = dwfl_nextcu(types.dwfl, unit, &bias))) {
		/* gas writes units too, but its functions have no types. */
		if (dwarf_srclang(unit) == DW_LANG_Mips_Assembler)
			continue;
		collect(&types, unit, base_name(dwarf_diename(unit)));
	}
	if (types.n_declarations == 0)
		object_refuse(object, "no debug information: compile with -g");
	*ret = types;
}

void types_close(struct types *types)
{
	free(types->declarations);
	dwfl_end(types->dwfl);
}

static bool speaks_of(const struct declaration *declaration, const struct symbol *symbol)
{
	if (declaration->is_external == symbol_is_local(symbol))
		return false;
	if (strcmp(declaration->name, symbol->name) != 0)
		return false;
	return declaration->is_external || strcmp(declaration->file, symbol->file) == 0;
}

const struct declaration *types_next(const struct types *types, const struct symbol *symbol,
				     const struct declaration *previous)
{
	size_t i = previous ? (size_t)(previous - types->declarations) + 1 : 0;

	for (; i < types->n_declarations; i++)
		if (speaks_of(&types->declarations[i], symbol))
			return &types->declarations[i];
	return NULL;
}

const struct declaration *types_find(const struct types *types, const struct symbol *symbol)
{
	return types_next(types, symbol, NULL);
}

uint64_t types_hash(const struct types *types, struct object *object, const struct symbol *symbol)
{
	const struct declaration *first = types_find(types, symbol);
	const struct declaration *other = first;
	struct text expected = { 0 };
	uint64_t hash;

	if (!first)
		return 0;
	spell_declaration(&expected, (Dwarf_Die *)&first->die);
	while ((other = types_next(types, symbol, other))) {
		struct text found = { 0 };

		spell_declaration(&found, (Dwarf_Die *)&other->die);
		if (strcmp(expected.bytes, found.bytes) != 0)
			object_refuse(object, "`%s' is declared with one type in %s, another in %s",
				      symbol->name, first->file, other->file);
		text_free(&found);
	}
	hash = type_text_hash(expected.bytes);
	text_free(&expected);
	return hash;
}
