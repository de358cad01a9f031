/* SPDX-License-Identifier: MIT */
/*
 * Types as C declares them, for the layout that people read.  Nothing is
 * decided by these texts; what is compared is in spelling.c.
 */
#include "spelling.h"

#include <dwarf.h>
#include <inttypes.h>
#include <stdlib.h>

static void declare(struct text *out, Dwarf_Die *type, const char *inner);

static void declare_target(struct text *out, Dwarf_Die *pointer, const char *inner)
{
	Dwarf_Die type, *target = die_type(pointer, &type);
	struct text text = { 0 };
	int tag = target ? dwarf_tag(target) : 0;

	if (tag == DW_TAG_array_type || tag == DW_TAG_subroutine_type)
		text_add(&text, "(*%s)", inner);
	else
		text_add(&text, "*%s", inner);
	declare(out, target, text.bytes);
	text_free(&text);
}

static void declare_array(struct text *out, Dwarf_Die *array, const char *inner)
{
	struct text text = { 0 };
	Dwarf_Die child, type;
	int r = dwarf_child(array, &child);

	text_add(&text, "%s", inner);
	for (; r == 0; r = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_subrange_type)
			continue;
		if (die_has(&child, DW_AT_count))
			text_add(&text, "[%" PRIu64 "]", die_number(&child, DW_AT_count));
		else if (die_has(&child, DW_AT_upper_bound))
			text_add(&text, "[%" PRIu64 "]", die_number(&child, DW_AT_upper_bound) + 1);
		else
			text_add(&text, "[]");
	}
	declare(out, die_type(array, &type), text.bytes);
	text_free(&text);
}

static void declare_function(struct text *out, Dwarf_Die *function, const char *inner)
{
	const char *separator = "";
	struct text text = { 0 };
	Dwarf_Die child, type;
	int r = dwarf_child(function, &child);

	text_add(&text, "%s(", inner);
	for (; r == 0; r = dwarf_siblingof(&child, &child)) {
		text_add(&text, "%s", separator);
		separator = ", ";
		if (dwarf_tag(&child) == DW_TAG_unspecified_parameters)
			text_add(&text, "...");
		else
			declare(&text, die_type(&child, &type), "");
	}
	text_add(&text, "%s)", *separator ? "" : "void");
	declare(out, die_type(function, &type), text.bytes);
	text_free(&text);
}

static void declare_qualified(struct text *out, Dwarf_Die *qualified, const char *word,
			      const char *inner)
{
	Dwarf_Die type, *target = die_type(qualified, &type);
	struct text text = { 0 };

	if (target && dwarf_tag(target) == DW_TAG_pointer_type) {
		text_add(&text, "%s%s%s", word, *inner ? " " : "", inner);
		declare(out, target, text.bytes);
	} else {
		text_add(out, "%s ", word);
		declare(out, target, inner);
	}
	text_free(&text);
}

static void declare_named(struct text *out, Dwarf_Die *type, const char *keyword, const char *inner)
{
	const char *name = type ? dwarf_diename(type) : "void";
	const char *space = *inner && *inner != '[' ? " " : "";

	text_add(out, "%s%s%s%s", keyword, name ? name : "{...}", space, inner);
}

static void declare(struct text *out, Dwarf_Die *type, const char *inner)
{
	switch (type ? dwarf_tag(type) : 0) {
	case DW_TAG_pointer_type:
		declare_target(out, type, inner);
		break;
	case DW_TAG_array_type:
		declare_array(out, type, inner);
		break;
	case DW_TAG_subroutine_type:
		declare_function(out, type, inner);
		break;
	case DW_TAG_const_type:
		declare_qualified(out, type, "const", inner);
		break;
	case DW_TAG_volatile_type:
		declare_qualified(out, type, "volatile", inner);
		break;
	case DW_TAG_restrict_type:
		declare_qualified(out, type, "restrict", inner);
		break;
	case DW_TAG_atomic_type:
		declare_qualified(out, type, "_Atomic", inner);
		break;
	case DW_TAG_structure_type:
		declare_named(out, type, "struct ", inner);
		break;
	case DW_TAG_union_type:
		declare_named(out, type, "union ", inner);
		break;
	case DW_TAG_enumeration_type:
		declare_named(out, type, "enum ", inner);
		break;
	default:
		declare_named(out, type, "", inner);
	}
}

void spell_c(struct text *text, Dwarf_Die *type)
{
	declare(text, type, "");
}
