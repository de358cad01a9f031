/* SPDX-License-Identifier: MIT */
/* Kinds of sections and symbols that no cell has; see sections.h. */
#include "sections.h"

#include <string.h>

static bool is_named(const struct section *section, const char *name)
{
	size_t length = strlen(name);

	return strncmp(section->name, name, length) == 0 &&
	       (section->name[length] == 0 || section->name[length] == '.');
}

/* Nothing runs when a cell is loaded: a swap must be able to load without effect. */
static bool is_constructor(const struct section *section)
{
	static const char *const names[] = { ".init_array", ".fini_array", ".preinit_array",
					     ".ctors",	    ".dtors",	   ".init",
					     ".fini" };

	switch (section->shdr.sh_type) {
	case SHT_INIT_ARRAY:
	case SHT_FINI_ARRAY:
	case SHT_PREINIT_ARRAY:
		return section->shdr.sh_size != 0;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_named(section, names[i]))
			return section->shdr.sh_size != 0;
	return false;
}

static void check_section(struct object *object, const struct section *section)
{
	const uint64_t flags = section->shdr.sh_flags;

	if (is_constructor(section))
		section_refuse(object, section, "constructors and destructors do not run in cells");
	if (is_named(section, ".note.GNU-stack") && (flags & SHF_EXECINSTR))
		section_refuse(object, section, "the object asks for an executable stack");
	if ((flags & SHF_WRITE) && (flags & SHF_EXECINSTR))
		section_refuse(object, section, "writable and executable");
	if (flags & SHF_TLS)
		section_refuse(object, section, "thread-local storage: a cell has none");
	if (section->shdr.sh_type == SHT_REL)
		section_refuse(object, section, "relocations without addends");
}

static void check_symbol(struct object *object, const struct symbol *symbol)
{
	if (symbol->sym.st_shndx == SHN_COMMON)
		object_refuse(object, "common symbol `%s': compile with -fno-common", symbol->name);
	if (symbol_type(symbol) == STT_TLS)
		object_refuse(object, "thread-local symbol `%s': a cell has none", symbol->name);
	if (symbol_type(symbol) == STT_GNU_IFUNC)
		object_refuse(object, "indirect function `%s': who binds it could not be swapped",
			      symbol->name);
}

void sections_check(struct object *object)
{
	for (size_t i = 1; i < object->n_sections; i++)
		check_section(object, &object->sections[i]);
	for (size_t i = 1; i < object->n_symbols; i++)
		check_symbol(object, &object->symbols[i]);
}
