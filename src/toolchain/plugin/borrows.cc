/* SPDX-License-Identifier: MIT */
/*
 * Pointers into what an owner owns: how long they may be used and where they
 * may be kept.  See check.h.
 */
#include <string.h>

#include "check.h"

bool check::borrow_of(const state *here, tree value, borrow *ret)
{
	poly_int64 offset;
	tree base;
	int i;

	if (TREE_CODE(value) == ADDR_EXPR) {
		i = all.find(TREE_OPERAND(value, 0));
		if (i != PLACE_NONE && (size_t)i < here->holdings.size() && all.at(i).is_local) {
			*ret = { i, true, UNKNOWN_LOCATION, UNKNOWN_LOCATION };
			return true;
		}
		base = get_addr_base_and_unit_offset(TREE_OPERAND(value, 0), &offset);
		if (base == NULL_TREE || TREE_CODE(base) != MEM_REF)
			return false;
		value = TREE_OPERAND(base, 0);
	}
	auto found = here->borrows.find(value);

	if (found == here->borrows.end())
		return false;
	*ret = found->second;
	return true;
}

/* The owner is gone, and what it owned with it. */
void check::borrow_end(state *here, gimple *stmt, int place)
{
	bool scope = gimple_clobber_p(stmt);

	for (auto &entry : here->borrows)
		if (entry.second.place == place && entry.second.of_variable == scope &&
		    entry.second.ended == UNKNOWN_LOCATION)
			entry.second.ended =
				scope ? DECL_SOURCE_LOCATION(all.at(place).base) : place_of(stmt);
}

/* What it owned has another owner now. */
void check::borrow_move(state *here, int from, int to)
{
	for (auto entry = here->borrows.begin(); entry != here->borrows.end();) {
		if (entry->second.place != from || entry->second.of_variable) {
			++entry;
		} else if (to != PLACE_NONE && all.at(to).is_local) {
			entry->second.place = to;
			++entry;
		} else {
			entry = here->borrows.erase(entry);
		}
	}
}

void check::borrow_used(state *here, gimple *stmt, tree variable)
{
	auto found = here->borrows.find(variable);
	std::string owner;

	if (found == here->borrows.end() || found->second.ended == UNKNOWN_LOCATION)
		return;
	if (AGGREGATE_TYPE_P(TREE_TYPE(variable)) || implements(found->second.place, stmt))
		return;
	if (!report(stmt, found->second.place, "outlived"))
		return;
	owner = all.name(found->second.place);
	if (gimple_code(stmt) == GIMPLE_RETURN)
		error_at(place_of(stmt),
			 "what is returned is borrowed from owner %qs, which is released before: "
			 "return the owner",
			 owner.c_str());
	else
		error_at(place_of(stmt),
			 "a pointer borrowed from owner %qs is used after that owner "
			 "was moved or released",
			 owner.c_str());
	if (found->second.taken != UNKNOWN_LOCATION)
		inform(found->second.taken, "borrowed here");
	inform(found->second.ended, "the owner went here");
}

namespace
{
struct use_walk {
	std::set<tree> variables;
};
} // namespace

static tree collect(tree *where, int *subtrees, void *data)
{
	use_walk *walk = (use_walk *)data;

	if (TREE_CODE(*where) == SSA_NAME || DECL_P(*where))
		walk->variables.insert(*where);
	if (TYPE_P(*where))
		*subtrees = 0;
	return NULL_TREE;
}

void check::borrow_uses(state *here, gimple *stmt)
{
	bool assigns = gimple_get_lhs(stmt) != NULL_TREE;
	use_walk walk;

	if (here->borrows.empty() || gimple_clobber_p(stmt))
		return;
	for (unsigned int i = 0; i < gimple_num_ops(stmt); i++) {
		tree operand = gimple_op(stmt, i);

		if (operand == NULL_TREE ||
		    (i == 0 && assigns && (DECL_P(operand) || TREE_CODE(operand) == SSA_NAME)))
			continue;
		walk_tree(&operand, collect, &walk, NULL);
	}
	for (tree variable : walk.variables)
		borrow_used(here, stmt, variable);
}

/* An exported function's pointer parameter that ends up in the cell's state. */
void check::kept(state *here, gimple *stmt, tree to, tree value)
{
	tree parameter = all.origin(value);
	tree type = TREE_TYPE(parameter);

	if (TREE_CODE(parameter) != PARM_DECL || !POINTER_TYPE_P(type) ||
	    TREE_CODE(TREE_TYPE(type)) == FUNCTION_TYPE || !TREE_PUBLIC(function->decl) ||
	    DECL_VISIBILITY(function->decl) != VISIBILITY_DEFAULT ||
	    mark_is_kept(function->decl, parameter))
		return;
	if (!report(stmt, -1, "kept"))
		return;
	error_at(place_of(stmt),
		 "the caller's pointer %qD is kept in the state of the cell: copy what it points "
		 "to, "
		 "or declare the parameter OWN_KEPT(reason)",
		 parameter);
	inform(DECL_SOURCE_LOCATION(parameter), "the parameter");
}

void check::borrow_stored(state *here, gimple *stmt, tree to, tree value)
{
	tree base = get_base_address(to);
	borrow held;
	bool is_static;

	if (base == NULL_TREE)
		return;
	if (TREE_CODE(base) == MEM_REF) {
		tree pointer = all.origin(TREE_OPERAND(base, 0));

		base = TREE_CODE(pointer) == ADDR_EXPR ? get_base_address(TREE_OPERAND(pointer, 0))
						       : NULL_TREE;
	}
	if (base == NULL_TREE || !DECL_P(base))
		return;
	is_static = is_global_var(base);
	if (is_static)
		kept(here, stmt, to, value);
	if (!borrow_of(here, value, &held))
		return;
	if (!is_static) {
		if (AGGREGATE_TYPE_P(TREE_TYPE(base)))
			here->borrows[base] = held;
		return;
	}
	if (implements(held.place, stmt) || !all.at(held.place).is_local ||
	    !report(stmt, held.place, "stored"))
		return;
	error_at(
		place_of(stmt),
		"a pointer borrowed from owner %qs is stored in static storage, which outlives it: "
		"store the owner",
		all.name(held.place).c_str());
	if (held.taken != UNKNOWN_LOCATION)
		inform(held.taken, "borrowed here");
}

void check::borrow_assign(state *here, gimple *stmt)
{
	tree to = gimple_assign_lhs(stmt);
	tree from = gimple_assign_rhs1(stmt);
	borrow held;

	if (gimple_clobber_p(stmt) || mark_in_own(place_of(stmt)))
		return;
	if (!DECL_P(to) && TREE_CODE(to) != SSA_NAME) {
		borrow_stored(here, stmt, to, from);
		return;
	}
	if (DECL_P(to) && is_global_var(to)) {
		borrow_stored(here, stmt, to, from);
		return;
	}
	if (AGGREGATE_TYPE_P(TREE_TYPE(to)) ||
	    TREE_CODE_CLASS(gimple_assign_rhs_code(stmt)) == tcc_comparison)
		return;
	if (!borrow_of(here, from, &held)) {
		here->borrows.erase(to);
		return;
	}
	if (held.taken == UNKNOWN_LOCATION)
		held.taken = place_of(stmt);
	here->borrows[to] = held;
}

/* Whether a task_child is declared after it: that task ends first. */
bool check::has_child_after(int i) const
{
	for (int j = 0; j < all.count(); j++)
		if (all.at(j).cleanup != NULL_TREE &&
		    strcmp(mark_owner_name(all.at(j).type), "task_child") == 0 &&
		    DECL_UID(all.at(j).base) > DECL_UID(all.at(i).base))
			return true;
	return false;
}

/* A function that is lent an owner and returns a pointer returns one into it. */
void check::borrow_call(state *here, gcall *stmt)
{
	tree result = gimple_call_lhs(stmt);
	bool starts = mark_is_task_start(gimple_call_fndecl(stmt));
	bool found = false;

	for (unsigned int i = 0; i < gimple_call_num_args(stmt); i++) {
		tree argument = gimple_call_arg(stmt, i);
		tree to = all.origin(argument);
		borrow held;
		int lent;

		if (starts && TREE_CODE(to) == ADDR_EXPR && DECL_P(TREE_OPERAND(to, 0)) &&
		    here->borrows.count(TREE_OPERAND(to, 0)) != 0 && i == 1) {
			held = here->borrows[TREE_OPERAND(to, 0)];
			if (!has_child_after(held.place) && report(stmt, held.place, "task")) {
				error_at(place_of(stmt),
					 "a pointer borrowed from owner %qs is handed to another "
					 "task: move the owner, or make the task a %<task_child%> "
					 "that "
					 "is declared after it",
					 all.name(held.place).c_str());
				if (held.taken != UNKNOWN_LOCATION)
					inform(held.taken, "borrowed here");
			}
		}
		if (mark_parameter_use(stmt, i) != PARAMETER_LENT || result == NULL_TREE ||
		    !POINTER_TYPE_P(TREE_TYPE(result)))
			continue;
		lent = all.pointed(argument);
		if (lent == PLACE_NONE || !all.at(lent).is_local)
			continue;
		here->borrows[result] = { lent, false, place_of(stmt), UNKNOWN_LOCATION };
		found = true;
	}
	if (result != NULL_TREE && !found)
		here->borrows.erase(result);
}
