/* SPDX-License-Identifier: MIT */
/* What calls do to the owners they are given.  See check.h. */
#include <string.h>

#include "check.h"

/* An owner that is lent has to be there. */
void check::use(state *here, gimple *stmt, int i)
{
	holding &held = here->holdings[i];
	const place &it = all.at(i);
	location_t where = place_of(stmt);
	std::string name = all.name(i);
	const char *type = mark_owner_name(it.type);

	if (implements(i, stmt) || mark_in_own(where))
		return;
	if (held.pending != OUTCOME_NONE && it.is_local) {
		if (!report(stmt, i, "untested"))
			return;
		error_at(where,
			 "owner %qs of type %qs is used before the result of the call that "
			 "fills it was tested: test it first",
			 name.c_str(), type);
		inform(held.called, "called here");
	} else if (it.is_local ? (held.bits & (HOLDS_MOVED | HOLDS_COPY)) != 0
			       : held.bits == HOLDS_MOVED || held.bits == HOLDS_COPY) {
		if (!report(stmt, i, "moved"))
			return;
		error_at(where, "owner %qs of type %qs is used after it was moved or released",
			 name.c_str(), type);
		inform(held.left, "moved or released here");
	} else if (it.is_local && (held.bits & HOLDS_FAILURE) != 0) {
		if (!report(stmt, i, "failed"))
			return;
		error_at(where,
			 "owner %qs of type %qs is used though the call that fills it may "
			 "have failed: leave when it did",
			 name.c_str(), type);
		inform(held.acquired, "called here");
	} else if (it.is_local && held.bits == HOLDS_NOTHING) {
		if (report(stmt, i, "nothing"))
			error_at(where, "owner %qs of type %qs is used while it is empty",
				 name.c_str(), type);
	}
}

/* Through a pointer to what is not const, an empty place may be filled. */
void check::lend(state *here, gimple *stmt, int i, tree type)
{
	holding &held = here->holdings[i];

	if (all.at(i).is_local && held.bits == HOLDS_NOTHING && !TYPE_READONLY(TREE_TYPE(type))) {
		held.bits = HOLDS_NOTHING | HOLDS_UNKNOWN;
		return;
	}
	use(here, stmt, i);
}

static bool is_named(const gcall *stmt, const char *name)
{
	tree function = gimple_call_fndecl(stmt);

	return function != NULL_TREE && DECL_NAME(function) != NULL_TREE &&
	       strcmp(IDENTIFIER_POINTER(DECL_NAME(function)), name) == 0;
}

/* The place of an owner is given as bytes, to be copied or overwritten. */
void check::call_bytes(state *here, gcall *stmt, tree argument)
{
	tree to = all.origin(argument);
	tree type;

	if (TREE_CODE(to) == ADDR_EXPR)
		type = TREE_TYPE(TREE_OPERAND(to, 0));
	else if (POINTER_TYPE_P(TREE_TYPE(argument)))
		type = TREE_TYPE(TREE_TYPE(argument));
	else
		return;
	if (!mark_is_owner(type) || mark_in_own(place_of(stmt)) ||
	    mark_implements(type, place_of(stmt)) ||
	    mark_implements(type, DECL_SOURCE_LOCATION(function->decl)) ||
	    !report(stmt, all.pointed(argument), "bytes"))
		return;
	error_at(
		place_of(stmt),
		"an owner of type %qs is handed over as bytes: use a function of its type, such as "
		"CHANNEL(name, %s) declares",
		mark_owner_name(type), mark_owner_name(type));
}

/* A cleanup that the source calls, or that the compiler does at the end of a scope. */
void check::call_cleanup(state *here, gcall *stmt, tree argument)
{
	int i = all.pointed(argument);
	tree to = all.origin(argument);

	if (i == PLACE_NONE) {
		/* of a struct that holds owners */
		if (TREE_CODE(to) == ADDR_EXPR && DECL_P(TREE_OPERAND(to, 0)))
			for (int inside : all.inside(TREE_OPERAND(to, 0), false)) {
				empty(here, stmt, inside, HOLDS_MOVED);
				borrow_end(here, stmt, inside);
			}
		return;
	}
	holding &held = here->holdings[i];

	if (!implements(i, stmt) && (held.bits & HOLDS_COPY) != 0 && report(stmt, i, "twice")) {
		error_at(place_of(stmt), "owner %qs of type %qs is released twice: write MOVE(x)",
			 all.name(i).c_str(), mark_owner_name(all.at(i).type));
		inform(held.left, "copied here");
	} else if (!implements(i, stmt) && (held.bits & HOLDS_MOVED) != 0 && all.at(i).is_local &&
		   LOCATION_LINE(place_of(stmt)) !=
			   LOCATION_LINE(DECL_SOURCE_LOCATION(all.at(i).base)) &&
		   report(stmt, i, "twice")) {
		error_at(place_of(stmt), "owner %qs of type %qs is released twice",
			 all.name(i).c_str(), mark_owner_name(all.at(i).type));
		inform(held.left, "moved or released here");
	}
	empty(here, stmt, i, HOLDS_MOVED);
	borrow_end(here, stmt, i);
}

void check::call_argument(state *here, gcall *stmt, unsigned int i)
{
	tree argument = gimple_call_arg(stmt, i);
	enum parameter_use meaning = mark_parameter_use(stmt, i);
	int where;

	if (meaning == PARAMETER_LENT || meaning == PARAMETER_WRITTEN ||
	    meaning == PARAMETER_TAKEN || meaning == PARAMETER_EMPTIED)
		cast(stmt, mark_parameter_type(stmt, i), argument);
	switch (meaning) {
	case PARAMETER_MOVED:
		where = all.find(argument);
		if (where == PLACE_NONE) {
			if (!mark_implements(TREE_TYPE(argument), place_of(stmt)) &&
			    report(stmt, -1, "copy"))
				error_at(place_of(stmt),
					 "owner of type %qs is copied: write MOVE(x)",
					 mark_owner_name(TREE_TYPE(argument)));
			return;
		}
		take(here, stmt, where, "passed");
		borrow_end(here, stmt, where);
		return;
	case PARAMETER_LENT:
	case PARAMETER_TAKEN:
		where = all.pointed(argument);
		if (where != PLACE_NONE)
			lend(here, stmt, where, mark_parameter_type(stmt, i));
		return;
	case PARAMETER_EMPTIED:
		call_cleanup(here, stmt, argument);
		return;
	case PARAMETER_BYTES:
		call_bytes(here, stmt, argument);
		return;
	default:
		if (mark_is_cleanup(gimple_call_fndecl(stmt)))
			call_cleanup(here, stmt, argument);
	}
}

/* What the call filled or took if it succeeded, and what it returned. */
void check::call_results(state *here, gcall *stmt)
{
	tree result = gimple_call_lhs(stmt);
	tree type = gimple_call_return_type(stmt);

	for (unsigned int i = 0; i < gimple_call_num_args(stmt); i++) {
		enum parameter_use meaning = mark_parameter_use(stmt, i);
		int where;

		if (meaning != PARAMETER_WRITTEN && meaning != PARAMETER_TAKEN)
			continue;
		where = all.pointed(gimple_call_arg(stmt, i));
		if (where == PLACE_NONE)
			continue;
		holding &held = here->holdings[where];
		bool fails = INTEGRAL_TYPE_P(type) && TREE_CODE(type) != BOOLEAN_TYPE;

		if (meaning == PARAMETER_WRITTEN) {
			if (all.at(where).is_local || (held.bits & HOLDS_UNKNOWN) == 0)
				fill(here, stmt, where, HOLDS_OWNER);
			held.acquired = place_of(stmt);
			held.bits = fails ? HOLDS_OWNER | HOLDS_FAILURE : HOLDS_OWNER;
		} else {
			held.bits = HOLDS_MOVED | (fails ? HOLDS_OWNER : 0);
			held.left = place_of(stmt);
		}
		held.pending = !fails			      ? OUTCOME_NONE
			       : meaning == PARAMETER_WRITTEN ? OUTCOME_WRITTEN
							      : OUTCOME_TAKEN;
		held.called = place_of(stmt);
		held.results.clear();
	}
	if (result != NULL_TREE && mark_is_owner(TREE_TYPE(result))) {
		int to = all.find(result);

		if (to != PLACE_NONE)
			fill(here, stmt, to,
			     gimple_call_internal_p(stmt) ? HOLDS_NOTHING : HOLDS_OWNER);
		return;
	}
	if (result == NULL_TREE && type != NULL_TREE && mark_is_owner(type) &&
	    !mark_implements(type, DECL_SOURCE_LOCATION(function->decl)) &&
	    report(stmt, -1, "dropped"))
		error_at(place_of(stmt),
			 "the owner of type %qs that this call returns leaks: write "
			 "OWN(%s, x) = ...",
			 mark_owner_name(type), mark_owner_name(type));
}

void check::call(state *here, gcall *stmt)
{
	tree result = gimple_call_lhs(stmt);

	if (gimple_call_internal_p(stmt)) {
		call_results(here, stmt);
		return;
	}
	if (is_named(stmt, "own_forget")) {
		tree word = all.origin(gimple_call_arg(stmt, 0));
		int i = TREE_CODE(word) == ADDR_EXPR ? all.find(TREE_OPERAND(word, 0)) : PLACE_NONE;

		if (i != PLACE_NONE)
			empty(here, stmt, i, HOLDS_MOVED);
		return;
	}
	for (unsigned int i = 0; i < gimple_call_num_args(stmt); i++)
		call_argument(here, stmt, i);
	unguarded(here, stmt);
	if (thrown != NULL)
		*thrown = *here;
	call_results(here, stmt);
	borrow_call(here, stmt);
	if (result != NULL_TREE && (DECL_P(result) || TREE_CODE(result) == SSA_NAME)) {
		if (!mark_is_owner(TREE_TYPE(result)))
			assigned(here, stmt, result);
		for (holding &held : here->holdings)
			if (held.pending != OUTCOME_NONE && held.called == place_of(stmt))
				held.results = { result };
	}
}
