/* SPDX-License-Identifier: MIT */
/* Fields that a drop forgets, and fields that are not for everybody.  See fields.h. */
#include "fields.h"

#include <string.h>

#include <set>

#include "marks.h"

namespace
{
struct seen {
	std::set<tree> fields;	/* FIELD_DECLs that the function names */
	std::set<tree> handed;	/* types of structs that it hands to others whole */
	std::set<tree> dropped; /* types of structs that it frees */
	tree guarded;		/* a field that only a guard leads to */
};
} // namespace

static bool ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length >= end && strcmp(name + length - end, suffix) == 0;
}

static const char *name_of(tree declaration)
{
	if (declaration == NULL_TREE || DECL_NAME(declaration) == NULL_TREE)
		return "";
	return IDENTIFIER_POINTER(DECL_NAME(declaration));
}

/* mutex.h: the data that a lock guards. */
static bool is_guarded(tree field)
{
	return strcmp(name_of(field), "private_data") == 0;
}

static tree look(tree *where, int *subtrees, void *data)
{
	struct walk_stmt_info *walk = (struct walk_stmt_info *)data;
	struct seen *seen = (struct seen *)walk->info;

	if (TREE_CODE(*where) == COMPONENT_REF) {
		tree field = TREE_OPERAND(*where, 1);

		seen->fields.insert(field);
		if (is_guarded(field))
			seen->guarded = field;
	}
	if (TYPE_P(*where))
		*subtrees = 0;
	return NULL_TREE;
}

/* The struct with owners that a pointer points to, or NULL. */
static tree record_behind(tree pointer)
{
	tree type = TREE_TYPE(pointer);

	if (!POINTER_TYPE_P(type) || TREE_CODE(TREE_TYPE(type)) != RECORD_TYPE)
		return NULL_TREE;
	type = TYPE_MAIN_VARIANT(TREE_TYPE(type));
	return !mark_is_owner(type) && mark_holds_owner(type) ? type : NULL_TREE;
}

static void look_at_call(gcall *call, struct seen *seen)
{
	bool frees = strcmp(name_of(gimple_call_fndecl(call)), "heap_free") == 0;

	for (unsigned int i = 0; i < gimple_call_num_args(call); i++) {
		tree record = record_behind(gimple_call_arg(call, i));

		if (record != NULL_TREE)
			(frees ? seen->dropped : seen->handed).insert(record);
	}
}

/* A struct that lies in a block of its own goes when it gives that block away. */
static void look_for_blocks(const char *name, struct seen *seen)
{
	if (!ends_with(name, "_cleanup") && !ends_with(name, "_drop") && !ends_with(name, "_free"))
		return;
	for (tree field : seen->fields) {
		tree type = TREE_TYPE(field);

		if (mark_is_owner(type) && strcmp(mark_owner_name(type), "heap_block") == 0)
			seen->dropped.insert(TYPE_MAIN_VARIANT(DECL_CONTEXT(field)));
	}
}

static void report_forgotten(tree record, const struct seen *seen, location_t where)
{
	for (tree field = TYPE_FIELDS(record); field != NULL_TREE; field = DECL_CHAIN(field)) {
		if (TREE_CODE(field) != FIELD_DECL || !mark_holds_owner(TREE_TYPE(field)) ||
		    seen->fields.count(field) != 0)
			continue;
		error_at(where,
			 "owner %qD of %qT is forgotten where the struct is released: release or "
			 "move it first",
			 field, record);
		inform(DECL_SOURCE_LOCATION(field), "the field");
	}
}

void fields_check(struct function *function)
{
	tree first = DECL_ARGUMENTS(function->decl);
	struct walk_stmt_info walk = {};
	struct seen seen = {};
	basic_block block;

	walk.info = &seen;
	FOR_EACH_BB_FN(block, function)
	{
		for (gimple_stmt_iterator i = gsi_start_bb(block); !gsi_end_p(i); gsi_next(&i)) {
			gimple *stmt = gsi_stmt(i);

			if (is_gimple_debug(stmt))
				continue;
			walk_gimple_op(stmt, look, &walk);
			if (is_gimple_call(stmt))
				look_at_call(as_a<gcall *>(stmt), &seen);
			if (seen.guarded != NULL_TREE &&
			    !mark_implements_any(gimple_location(stmt)))
				error_at(gimple_location(stmt),
					 "guarded data is reached without its guard: lock, and use "
					 "the %<_data%> function of the guard");
			seen.guarded = NULL_TREE;
		}
	}
	look_for_blocks(name_of(function->decl), &seen);
	if (first != NULL_TREE && mark_is_cleanup(function->decl) &&
	    record_behind(first) != NULL_TREE)
		seen.dropped.insert(record_behind(first));
	for (tree record : seen.dropped)
		if (seen.handed.count(record) == 0)
			report_forgotten(record, &seen, DECL_SOURCE_LOCATION(function->decl));
}
