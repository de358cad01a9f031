/* SPDX-License-Identifier: MIT */
/* Inventory of statics; which sections count as mutable is in object.c. */
#include "statics.h"

#include <string.h>

/* gcc calls a static of a function NAME.NUMBER. */
static size_t local_length(const struct symbol *symbol)
{
	const char *dot = strrchr(symbol->name, '.');

	if (!dot || dot == symbol->name || !dot[1])
		return 0;
	return dot[1 + strspn(dot + 1, "0123456789")] ? 0 : (size_t)(dot - symbol->name);
}

static bool has_reason(const struct object *object, const struct symbol *symbol)
{
	const struct symbol *reason = NULL;

	for (size_t i = 1; i < object->n_symbols && !reason; i++) {
		const char *name = object->symbols[i].name;
		size_t length = strlen(symbol->name);

		if (strncmp(name, symbol->name, length) == 0 &&
		    strcmp(name + length, "_reason") == 0)
			reason = &object->symbols[i];
	}
	return reason;
}

static void refuse(struct object *object, const struct section *section,
		   const struct symbol *symbol)
{
	unsigned long long size = symbol->sym.st_size;

	if (local_length(symbol))
		section_refuse(object, section,
			       "mutable static `%.*s' of a function (%llu bytes): its place is the "
			       "CELL_STATE() struct",
			       (int)local_length(symbol), symbol->name, size);
	else if (has_reason(object, symbol))
		section_refuse(object, section,
			       "mutable static `%s' (%llu bytes) is declared by CELL_STATE() under "
			       "a name that is not the cell's",
			       symbol->name, size);
	else
		section_refuse(object, section,
			       "mutable static `%s' (%llu bytes) is not declared by CELL_STATE()",
			       symbol->name, size);
}

void statics_check_mutable(struct object *object, const struct symbol *state)
{
	for (size_t i = 1; i < object->n_sections; i++) {
		const struct section *section = &object->sections[i];
		bool has_symbol = false;

		if (!section_is_mutable(object, section))
			continue;
		for (size_t j = 1; j < object->n_symbols; j++) {
			const struct symbol *symbol = &object->symbols[j];

			if (symbol->sym.st_shndx != i || symbol_type(symbol) == STT_SECTION)
				continue;
			has_symbol = true;
			if (symbol != state)
				refuse(object, section, symbol);
		}
		if (!has_symbol && section->shdr.sh_size)
			section_refuse(object, section, "%llu mutable bytes without a symbol",
				       (unsigned long long)section->shdr.sh_size);
	}
}

static bool is_static(const struct symbol *symbol)
{
	unsigned int type = symbol_type(symbol);

	return symbol_is_local(symbol) && (type == STT_FUNC || type == STT_OBJECT);
}

void statics_check_names(struct object *object)
{
	for (size_t i = 1; i < object->n_symbols; i++) {
		const struct symbol *one = &object->symbols[i];

		for (size_t j = i + 1; is_static(one) && j < object->n_symbols; j++) {
			const struct symbol *two = &object->symbols[j];

			if (is_static(two) && strcmp(one->name, two->name) == 0 &&
			    strcmp(one->file, two->file) == 0)
				object_refuse(object,
					      "two statics `%s' in files called %s: a swap could "
					      "not tell them apart",
					      one->name, one->file);
		}
	}
}
