/* SPDX-License-Identifier: MIT */
/* Which expressions mean which place.  See place.h. */
#include "place.h"

#include "marks.h"

places::places(struct function *function)
{
	basic_block block;

	FOR_EACH_BB_FN(block, function)
	{
		for (gimple_stmt_iterator i = gsi_start_bb(block); !gsi_end_p(i); gsi_next(&i)) {
			tree to = gimple_get_lhs(gsi_stmt(i));

			if (to == NULL_TREE || !DECL_P(to))
				continue;
			definitions[to].first++;
			definitions[to].second = gsi_stmt(i);
		}
	}
}

gimple *places::definition(tree variable) const
{
	if (TREE_CODE(variable) == SSA_NAME)
		return SSA_NAME_DEF_STMT(variable);
	if (!VAR_P(variable) || TREE_ADDRESSABLE(variable) || is_global_var(variable))
		return NULL;
	auto found = definitions.find(variable);
	return found != definitions.end() && found->second.first == 1 ? found->second.second : NULL;
}

/* Follows copies; the result is an address, a variable or another expression. */
tree places::origin(tree pointer) const
{
	for (int steps = 0; steps < 32; steps++) {
		gimple *made;
		tree from;

		if (TREE_CODE(pointer) != SSA_NAME && !VAR_P(pointer))
			return pointer;
		made = definition(pointer);
		if (made == NULL || !is_gimple_assign(made))
			return pointer;
		from = gimple_assign_rhs1(made);
		if (!gimple_assign_single_p(made) &&
		    !CONVERT_EXPR_CODE_P(gimple_assign_rhs_code(made)))
			return pointer;
		if (TREE_CODE(from) == ADDR_EXPR) {
			poly_int64 offset;

			/* An element whose number varies is known by the pointer to it. */
			if (get_addr_base_and_unit_offset(TREE_OPERAND(from, 0), &offset) ==
			    NULL_TREE)
				return pointer;
			return from;
		}
		if (TREE_CODE(from) != SSA_NAME && !DECL_P(from))
			return pointer;
		if ((DECL_P(from) && is_global_var(from)) || !POINTER_TYPE_P(TREE_TYPE(from)))
			return pointer;
		/* A copy of what changes later is not the same. */
		if (VAR_P(from) && definition(from) == NULL && !mark_in_own(gimple_location(made)))
			return pointer;
		pointer = from;
	}
	return pointer;
}

static tree cleanup_of(tree variable)
{
	tree attribute;

	if (!VAR_P(variable))
		return NULL_TREE;
	attribute = lookup_attribute("cleanup", DECL_ATTRIBUTES(variable));
	return attribute == NULL_TREE ? NULL_TREE : TREE_VALUE(attribute);
}

int places::add(tree base, bool behind, HOST_WIDE_INT offset, tree type)
{
	auto key = std::make_tuple(base, behind, offset);
	auto found = index.find(key);
	place made = {};

	if (found != index.end())
		return found->second;
	made.base = base;
	made.behind = behind;
	made.offset = offset;
	made.type = TYPE_MAIN_VARIANT(type);
	made.is_local = !behind && !is_global_var(base);
	made.is_whole = !behind && mark_is_owner(TREE_TYPE(base));
	made.is_result = TREE_CODE(base) == RESULT_DECL;
	made.cleanup = behind ? NULL_TREE : cleanup_of(base);
	all.push_back(made);
	index[key] = count() - 1;
	return count() - 1;
}

int places::find(tree reference)
{
	poly_int64 offset;
	HOST_WIDE_INT fixed;
	tree base, type, pointer;

	if (TREE_CODE(reference) == COMPONENT_REF &&
	    mark_is_owner(TREE_TYPE(TREE_OPERAND(reference, 0))))
		reference = TREE_OPERAND(reference, 0);
	type = TREE_TYPE(reference);
	if (!mark_is_owner(type))
		return PLACE_NONE;
	base = get_addr_base_and_unit_offset(reference, &offset);
	if (base == NULL_TREE || !offset.is_constant(&fixed))
		return PLACE_NONE;
	if (DECL_P(base))
		return add(base, false, fixed, type);
	if (TREE_CODE(base) != MEM_REF)
		return PLACE_NONE;
	fixed += tree_to_shwi(TREE_OPERAND(base, 1));
	pointer = origin(TREE_OPERAND(base, 0));
	if (TREE_CODE(pointer) == ADDR_EXPR) {
		poly_int64 more;
		HOST_WIDE_INT further;

		base = get_addr_base_and_unit_offset(TREE_OPERAND(pointer, 0), &more);
		if (base == NULL_TREE || !more.is_constant(&further))
			return PLACE_NONE;
		if (DECL_P(base))
			return add(base, false, fixed + further, type);
		if (TREE_CODE(base) != MEM_REF)
			return PLACE_NONE;
		fixed += further + tree_to_shwi(TREE_OPERAND(base, 1));
		pointer = origin(TREE_OPERAND(base, 0));
	}
	if (TREE_CODE(pointer) != SSA_NAME && !DECL_P(pointer))
		return PLACE_NONE;
	return add(pointer, true, fixed, type);
}

int places::pointed(tree pointer)
{
	tree type = TREE_TYPE(pointer);

	pointer = origin(pointer);
	if (TREE_CODE(pointer) == ADDR_EXPR)
		return find(TREE_OPERAND(pointer, 0));
	if (TREE_CODE(pointer) != SSA_NAME && !DECL_P(pointer))
		return PLACE_NONE;
	if (!POINTER_TYPE_P(type) || !mark_is_owner(TREE_TYPE(type)))
		type = TREE_TYPE(pointer);
	if (!POINTER_TYPE_P(type) || !mark_is_owner(TREE_TYPE(type)))
		return PLACE_NONE;
	return add(pointer, true, 0, TREE_TYPE(type));
}

std::vector<int> places::inside(tree base, bool behind) const
{
	std::vector<int> result;

	for (int i = 0; i < count(); i++)
		if (all[i].base == base && all[i].behind == behind)
			result.push_back(i);
	return result;
}

bool places::is_named(int i) const
{
	tree base = all[i].base;

	return DECL_P(base) && DECL_NAME(base) != NULL_TREE && !DECL_ARTIFICIAL(base) &&
	       !mark_in_own(DECL_SOURCE_LOCATION(base));
}

/* The field of the type at the offset, as ".a.b"; "" for the type itself. */
static std::string field_at(tree type, HOST_WIDE_INT offset)
{
	if (TREE_CODE(type) != RECORD_TYPE || mark_is_owner(type))
		return "";
	for (tree field = TYPE_FIELDS(type); field != NULL_TREE; field = DECL_CHAIN(field)) {
		HOST_WIDE_INT from;
		tree size;

		if (TREE_CODE(field) != FIELD_DECL || DECL_NAME(field) == NULL_TREE)
			continue;
		from = int_byte_position(field);
		size = TYPE_SIZE_UNIT(TREE_TYPE(field));
		if (size == NULL_TREE || !tree_fits_shwi_p(size) || offset < from ||
		    offset >= from + tree_to_shwi(size))
			continue;
		return "." + std::string(IDENTIFIER_POINTER(DECL_NAME(field))) +
		       field_at(TREE_TYPE(field), offset - from);
	}
	return "";
}

std::string places::name(int i) const
{
	const place &it = all[i];
	std::string base, field;

	if (!is_named(i))
		return std::string("a ") + mark_owner_name(it.type);
	base = IDENTIFIER_POINTER(DECL_NAME(it.base));
	if (!it.behind)
		return base + field_at(TREE_TYPE(it.base), it.offset);
	field = field_at(TREE_TYPE(TREE_TYPE(it.base)), it.offset);
	return field.empty() ? "*" + base : base + "->" + field.substr(1);
}
