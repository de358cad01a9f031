/* SPDX-License-Identifier: MIT */
/* Imports and exports; functions whose address is taken are in code.c. */
#include "symbols.h"

#include <stdlib.h>

static bool is_provided(const struct symbol *symbol)
{
	return symbol_is_defined(symbol) && !symbol_is_local(symbol) && !symbol_is_hidden(symbol);
}

/* Which symbols some kept section refers to: the assembler lists others too. */
static bool *find_referenced(const struct object *object)
{
	bool *referenced = object_allocate(object->n_symbols, sizeof(*referenced));

	for (size_t i = 1; i < object->n_sections; i++) {
		const struct section *section = &object->sections[i];

		for (size_t j = 0; !section_is_debug(section) && j < section->n_relas; j++)
			if (ELF64_R_SYM(section->relas[j].r_info) < object->n_symbols)
				referenced[ELF64_R_SYM(section->relas[j].r_info)] = true;
	}
	return referenced;
}

static void record_provided(struct object *object, const struct types *types,
			    struct records *records, const struct symbol *symbol)
{
	switch (symbol_type(symbol)) {
	case STT_FUNC:
		records_add_symbol(records, symbol->name, NOTE_PROVIDES_FUNCTION,
				   types_hash(types, object, symbol));
		break;
	case STT_OBJECT:
		records_add_symbol(records, symbol->name, NOTE_PROVIDES_DATA,
				   types_hash(types, object, symbol));
		break;
	case STT_TLS:
	case STT_GNU_IFUNC:
		break; /* refused by sections.c */
	default:
		object_refuse(object, "provided symbol `%s' is neither function nor object",
			      symbol->name);
	}
}

/* What the DWARF does not know is called by the compiler itself: a function. */
static void record_needed(struct object *object, const struct types *types, struct records *records,
			  const struct symbol *symbol)
{
	const struct declaration *declaration = types_find(types, symbol);
	bool is_data = declaration && !declaration->is_function;

	records_add_symbol(records, symbol->name, is_data ? NOTE_NEEDS_DATA : NOTE_NEEDS_FUNCTION,
			   types_hash(types, object, symbol));
}

void symbols_record(struct object *object, const struct types *types, struct records *records)
{
	bool *referenced = find_referenced(object);

	for (size_t i = 1; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[object->order[i]];

		if (is_provided(symbol))
			record_provided(object, types, records, symbol);
		else if (symbol->sym.st_shndx == SHN_UNDEF && referenced[object->order[i]])
			record_needed(object, types, records, symbol);
	}
	free(referenced);
}
