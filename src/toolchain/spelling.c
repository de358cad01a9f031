/* SPDX-License-Identifier: MIT */
/*
 * The canonical spelling of types; see spelling.h.  What people read is in
 * spelling_c.c, what is done with the texts in types.c and state.c.
 */
#include "spelling.h"

#include <dwarf.h>
#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* No declaration that a compiler accepts nests this deep. */
#define DEPTH_MAX 256

enum qualifier {
	QUALIFIER_CONST = 1,
	QUALIFIER_VOLATILE = 2,
	QUALIFIER_RESTRICT = 4,
	QUALIFIER_ATOMIC = 8,
};

struct speller {
	struct text *text;
	enum spelling_depth depth;
	unsigned int nesting;
	unsigned int element_qualifiers; /* of the array being spelled; they are its elements' */
};

static void spell(struct speller *speller, Dwarf_Die *type, unsigned int drop);

void text_add(struct text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	while (text->length + (size_t)length + 1 > text->capacity)
		text->bytes = object_grow(text->bytes, text->capacity, &text->capacity, 1);
	va_start(arguments, format);
	vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	text->length += (size_t)length;
}

void text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}

Dwarf_Die *die_type(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attribute;

	if (!dwarf_attr_integrate(die, DW_AT_type, &attribute))
		return NULL;
	return dwarf_formref_die(&attribute, ret);
}

bool die_has(Dwarf_Die *die, unsigned int attribute)
{
	return dwarf_hasattr_integrate(die, attribute);
}

uint64_t die_number(Dwarf_Die *die, unsigned int attribute)
{
	Dwarf_Attribute found;
	Dwarf_Word number;

	if (!dwarf_attr_integrate(die, attribute, &found) || dwarf_formudata(&found, &number))
		return 0;
	return number;
}

static unsigned int qualifier_of(int tag)
{
	switch (tag) {
	case DW_TAG_const_type:
		return QUALIFIER_CONST;
	case DW_TAG_volatile_type:
		return QUALIFIER_VOLATILE;
	case DW_TAG_restrict_type:
		return QUALIFIER_RESTRICT;
	case DW_TAG_atomic_type:
		return QUALIFIER_ATOMIC;
	default:
		return 0;
	}
}

/*
 * Walks through typedefs and qualifiers, which may alternate, to what they
 * stand for; *ret_alias is the innermost typedef's name, NULL without one.
 */
static Dwarf_Die *strip(Dwarf_Die *die, Dwarf_Die *ret, unsigned int *ret_qualifiers,
			const char **ret_alias)
{
	*ret_qualifiers = 0;
	*ret_alias = NULL;
	*ret = *die;
	for (unsigned int i = 0; i < DEPTH_MAX; i++) {
		unsigned int qualifier = qualifier_of(dwarf_tag(ret));

		if (dwarf_tag(ret) == DW_TAG_typedef)
			*ret_alias = dwarf_diename(ret);
		else if (!qualifier)
			return ret;
		*ret_qualifiers |= qualifier;
		if (!die_type(ret, ret))
			return NULL;
	}
	errx(1, "types nest too deeply");
}

Dwarf_Die *die_bare_type(Dwarf_Die *die, Dwarf_Die *ret)
{
	unsigned int qualifiers;
	const char *alias;

	return strip(die, ret, &qualifiers, &alias);
}

static void spell_attribute_type(struct speller *speller, Dwarf_Die *die, unsigned int drop)
{
	Dwarf_Die type;

	spell(speller, die_type(die, &type), drop);
}

/* A bound: "[4]", "[]" without one, "[*]" where only the program knows it. */
static void spell_bound(struct speller *speller, Dwarf_Die *range)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;
	bool is_count = dwarf_attr(range, DW_AT_count, &attribute);

	if (!is_count && !dwarf_attr(range, DW_AT_upper_bound, &attribute))
		text_add(speller->text, "[]");
	else if (dwarf_formudata(&attribute, &number))
		text_add(speller->text, "[*]");
	else
		text_add(speller->text, "[%" PRIu64 "]", number + !is_count);
}

static void spell_array(struct speller *speller, Dwarf_Die *array)
{
	Dwarf_Die child;
	int r = dwarf_child(array, &child);

	if (die_has(array, DW_AT_GNU_vector))
		text_add(speller->text, "vector");
	for (; r == 0; r = dwarf_siblingof(&child, &child))
		if (dwarf_tag(&child) == DW_TAG_subrange_type)
			spell_bound(speller, &child);
	spell_attribute_type(speller, array, 0);
}

uint64_t die_array_count(Dwarf_Die *array)
{
	uint64_t count = 1;
	Dwarf_Die child;
	int r = dwarf_child(array, &child);

	for (; r == 0; r = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_subrange_type)
			continue;
		if (die_has(&child, DW_AT_count))
			count *= die_number(&child, DW_AT_count);
		else if (die_has(&child, DW_AT_upper_bound))
			count *= die_number(&child, DW_AT_upper_bound) + 1;
		else
			count = 0;
	}
	return count;
}

static void spell_enumerators(struct speller *speller, Dwarf_Die *tag)
{
	Dwarf_Die child;
	int r = dwarf_child(tag, &child);

	text_add(speller->text, "{%d:", dwarf_bytesize(tag));
	for (; r == 0; r = dwarf_siblingof(&child, &child)) {
		Dwarf_Attribute value;
		Dwarf_Sword number = 0;

		if (dwarf_tag(&child) != DW_TAG_enumerator)
			continue;
		if (dwarf_attr(&child, DW_AT_const_value, &value))
			dwarf_formsdata(&value, &number);
		text_add(speller->text, "%s=%" PRId64 ";", dwarf_diename(&child), number);
	}
	text_add(speller->text, "}");
}

static void spell_members(struct speller *speller, Dwarf_Die *tag)
{
	Dwarf_Die child;
	int r = dwarf_child(tag, &child);

	text_add(speller->text, "{%d:", dwarf_bytesize(tag));
	for (; r == 0; r = dwarf_siblingof(&child, &child)) {
		const char *name = dwarf_diename(&child);

		if (dwarf_tag(&child) != DW_TAG_member)
			continue;
		text_add(speller->text, "%" PRIu64, die_number(&child, DW_AT_data_member_location));
		if (die_has(&child, DW_AT_bit_size))
			text_add(speller->text, ".%" PRIu64 ":%" PRIu64,
				 die_number(&child, DW_AT_data_bit_offset),
				 die_number(&child, DW_AT_bit_size));
		text_add(speller->text, " %s ", name ? name : "");
		spell_attribute_type(speller, &child, 0);
		text_add(speller->text, ";");
	}
	text_add(speller->text, "}");
}

static const char *keyword(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
		return "struct";
	case DW_TAG_union_type:
		return "union";
	default:
		return "enum";
	}
}

/* What separates a typedef's name from a tag of the same name is the word. */
static void spell_name(struct text *text, Dwarf_Die *tag, const char *alias)
{
	const char *name = dwarf_diename(tag);

	if (name)
		text_add(text, "%s %s", keyword(dwarf_tag(tag)), name);
	else if (alias)
		text_add(text, "%s typedef %s", keyword(dwarf_tag(tag)), alias);
}

static void spell_tag(struct speller *speller, Dwarf_Die *tag, const char *alias)
{
	bool has_name = dwarf_diename(tag) || alias;

	spell_name(speller->text, tag, alias);
	if (speller->depth == SPELLING_BY_TAG && has_name)
		return;
	if (!has_name)
		text_add(speller->text, "%s ", keyword(dwarf_tag(tag)));
	if (dwarf_tag(tag) == DW_TAG_enumeration_type)
		spell_enumerators(speller, tag);
	else
		spell_members(speller, tag);
}

static void spell_function(struct speller *speller, Dwarf_Die *function)
{
	const unsigned int all = ~0u;
	Dwarf_Die child;
	int r = dwarf_child(function, &child);

	text_add(speller->text, die_has(function, DW_AT_prototyped) ? "(" : "(?");
	for (; r == 0; r = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) == DW_TAG_unspecified_parameters)
			text_add(speller->text, "...");
		if (dwarf_tag(&child) != DW_TAG_formal_parameter)
			continue;
		spell_attribute_type(speller, &child, all);
		text_add(speller->text, ",");
	}
	text_add(speller->text, ")");
	spell_attribute_type(speller, function, all);
}

static void spell_qualifiers(struct speller *speller, unsigned int qualifiers)
{
	static const char *const names[] = { "const ", "volatile ", "restrict ", "atomic " };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (qualifiers & 1u << i)
			text_add(speller->text, "%s", names[i]);
}

static void spell_pointer(struct speller *speller, Dwarf_Die *pointer)
{
	enum spelling_depth depth = speller->depth;

	speller->depth = SPELLING_BY_TAG;
	text_add(speller->text, "*");
	spell_attribute_type(speller, pointer, 0);
	speller->depth = depth;
}

static void spell_bare(struct speller *speller, Dwarf_Die *type, const char *alias)
{
	switch (dwarf_tag(type)) {
	case DW_TAG_base_type:
		text_add(speller->text, "%" PRIu64 "/%d", die_number(type, DW_AT_encoding),
			 dwarf_bytesize(type));
		break;
	case DW_TAG_pointer_type:
		spell_pointer(speller, type);
		break;
	case DW_TAG_array_type:
		spell_array(speller, type);
		break;
	case DW_TAG_subroutine_type:
		spell_function(speller, type);
		break;
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		spell_tag(speller, type, alias);
		break;
	default:
		errx(1, "unknown type in the DWARF, tag 0x%x", dwarf_tag(type));
	}
}

/* `drop` are the qualifiers that do not count here, as a parameter's own. */
static void spell(struct speller *speller, Dwarf_Die *type, unsigned int drop)
{
	unsigned int qualifiers = 0;
	const char *alias = NULL;
	Dwarf_Die bare;

	if (++speller->nesting > DEPTH_MAX)
		errx(1, "types nest too deeply");
	type = type ? strip(type, &bare, &qualifiers, &alias) : NULL;
	qualifiers |= speller->element_qualifiers;
	speller->element_qualifiers = 0;
	if (type && dwarf_tag(type) == DW_TAG_array_type) {
		speller->element_qualifiers = qualifiers;
		qualifiers = 0;
	}
	/* On functions gcc spells the attributes const and noreturn as qualifiers. */
	if (type && dwarf_tag(type) == DW_TAG_subroutine_type)
		qualifiers = 0;
	spell_qualifiers(speller, qualifiers & ~drop);
	if (type)
		spell_bare(speller, type, alias);
	else
		text_add(speller->text, "void");
	speller->nesting--;
}

void spell_declaration(struct text *text, Dwarf_Die *declaration)
{
	struct speller speller = { .text = text };

	if (dwarf_tag(declaration) == DW_TAG_subprogram)
		spell_function(&speller, declaration);
	else
		spell_attribute_type(&speller, declaration, 0);
}

void spell_type(struct text *text, Dwarf_Die *type, enum spelling_depth depth)
{
	struct speller speller = { .text = text, .depth = depth };

	spell(&speller, type, 0);
}

void spell_tag_name(struct text *text, Dwarf_Die *type)
{
	unsigned int qualifiers;
	const char *alias;
	Dwarf_Die tag;

	if (strip(type, &tag, &qualifiers, &alias))
		spell_name(text, &tag, alias);
}

void spell_layout(struct text *text, Dwarf_Die *tag)
{
	struct speller speller = { .text = text };

	text_add(text, "%s ", keyword(dwarf_tag(tag)));
	if (dwarf_tag(tag) == DW_TAG_enumeration_type)
		spell_enumerators(&speller, tag);
	else
		spell_members(&speller, tag);
}
