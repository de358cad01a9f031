/* SPDX-License-Identifier: MIT */
/* What assignments and the ends of scopes do to owners.  See check.h. */
#include "check.h"

#define HOLDS_EMPTY (HOLDS_NOTHING | HOLDS_MOVED | HOLDS_FAILURE)

static void settle_outcome(holding *held)
{
	held->pending = OUTCOME_NONE;
	held->results.clear();
}

/* The place gets an owner. */
void check::fill(state *here, gimple *stmt, int to, unsigned int bits)
{
	holding &held = here->holdings[to];
	const place &it = all.at(to);
	location_t where = place_of(stmt);

	if ((held.bits & HOLDS_OWNER) != 0 && tracked(to) && !implements(to, stmt) &&
	    report(stmt, to, "overwrite")) {
		error_at(where,
			 "owner %qs of type %qs is overwritten while it may be alive: "
			 "release it first, or write PUT(place, x)",
			 all.name(to).c_str(), mark_owner_name(it.type));
		inform(held.acquired, "acquired here");
	} else if ((held.bits & ~(unsigned)HOLDS_EMPTY) != 0 && !it.is_local &&
		   !mark_in_own(where) && !implements(to, stmt) && report(stmt, to, "overwrite")) {
		error_at(where,
			 "owner %qs of type %qs may be alive and is overwritten: "
			 "write PUT(place, x)",
			 all.name(to).c_str(), mark_owner_name(it.type));
	}
	settle_outcome(&held);
	held.bits = bits;
	held.acquired = where;
}

/* The place's owner went. */
void check::empty(state *here, gimple *stmt, int from, unsigned int bits)
{
	holding &held = here->holdings[from];

	settle_outcome(&held);
	held.bits = bits;
	held.left = place_of(stmt);
}

/* Makes a copy of `from` somebody's; what is left of it depends on who releases it. */
bool check::take(state *here, gimple *stmt, int from, const char *what)
{
	holding &held = here->holdings[from];
	const place &it = all.at(from);
	location_t where = place_of(stmt);
	bool privileged = implements(from, stmt);

	if (!privileged && held.pending != OUTCOME_NONE && it.is_local &&
	    report(stmt, from, "untested")) {
		error_at(where,
			 "owner %qs of type %qs is %s before the result of the call that "
			 "fills it was tested: test it first",
			 all.name(from).c_str(), mark_owner_name(it.type), what);
		inform(held.called, "called here");
	} else if (!privileged &&
		   (it.is_local ? (held.bits & (HOLDS_MOVED | HOLDS_COPY)) != 0
				: held.bits == HOLDS_MOVED || held.bits == HOLDS_COPY) &&
		   report(stmt, from, "moved")) {
		error_at(where,
			 "owner %qs of type %qs is %s after it was moved or released: "
			 "each way may move it once",
			 all.name(from).c_str(), mark_owner_name(it.type), what);
		inform(held.left, "moved or released here");
	}
	if (it.is_local && it.cleanup == NULL_TREE) {
		empty(here, stmt, from, HOLDS_MOVED);
		return true;
	}
	if (mark_in_own(where) || privileged) {
		if (!privileged)
			empty(here, stmt, from, HOLDS_COPY);
		return true;
	}
	if (report(stmt, from, "copy")) {
		error_at(where,
			 "owner %qs of type %qs is copied, and both would be released: "
			 "write MOVE(%s)",
			 all.name(from).c_str(), mark_owner_name(it.type),
			 all.is_named(from) ? all.name(from).c_str() : "x");
		if (it.cleanup != NULL_TREE)
			inform(DECL_SOURCE_LOCATION(it.base),
			       "%qs is released at the end of its scope", all.name(from).c_str());
	}
	empty(here, stmt, from, HOLDS_MOVED);
	return false;
}

/* What arrives where an owner is copied from a place with these bits. */
static unsigned int arriving(unsigned int bits)
{
	unsigned int result = bits & (HOLDS_OWNER | HOLDS_FAILURE);

	if ((bits & (HOLDS_NOTHING | HOLDS_MOVED)) != 0)
		result |= HOLDS_NOTHING;
	if ((bits & HOLDS_UNKNOWN) != 0)
		result |= HOLDS_OWNER | HOLDS_NOTHING;
	return result == 0 ? (unsigned int)HOLDS_OWNER : result;
}

void check::copy(state *here, gimple *stmt, tree to, tree from)
{
	int source = all.find(from);
	int target = all.find(to);
	unsigned int bits = HOLDS_OWNER;

	if (source != PLACE_NONE) {
		bits = arriving(here->holdings[source].bits);
		take(here, stmt, source, "moved");
	} else if (!mark_in_own(place_of(stmt)) &&
		   !mark_implements(TREE_TYPE(from), place_of(stmt)) && report(stmt, -1, "copy")) {
		error_at(place_of(stmt), "owner of type %qs is copied: write MOVE(x)",
			 mark_owner_name(TREE_TYPE(from)));
	}
	if (target != PLACE_NONE)
		fill(here, stmt, target, bits);
	if (source != PLACE_NONE)
		borrow_move(here, source, target);
}

void check::write_word(state *here, gimple *stmt, tree to, tree value)
{
	int i = all.find(to);
	location_t where = place_of(stmt);
	tree type = TREE_CODE(to) == COMPONENT_REF ? TREE_TYPE(TREE_OPERAND(to, 0)) : TREE_TYPE(to);

	if (integer_zerop(value) || TREE_CODE(value) == CONSTRUCTOR) {
		if (i == PLACE_NONE)
			return;
		holding &held = here->holdings[i];
		bool alive = (held.bits & HOLDS_OWNER) != 0;

		if ((held.bits & HOLDS_COPY) != 0) {
			empty(here, stmt, i, HOLDS_MOVED);
			return;
		}
		if (alive && !implements(i, stmt) && tracked(i) && report(stmt, i, "forgotten")) {
			error_at(where,
				 "owner %qs of type %qs is emptied while it may be alive: "
				 "release it, or write FORGET(x, reason)",
				 all.name(i).c_str(), mark_owner_name(type));
			inform(held.acquired, "acquired here");
		}
		empty(here, stmt, i, alive ? HOLDS_MOVED : HOLDS_NOTHING);
		return;
	}
	if (!mark_implements(type, where) &&
	    !mark_implements(type, DECL_SOURCE_LOCATION(function->decl)) && !mark_in_own(where) &&
	    report(stmt, i, "forged"))
		error_at(where,
			 "an owner of type %qs is forged: only code that says "
			 "OWN_IMPLEMENTS(%s, reason) makes one",
			 mark_owner_name(type), mark_owner_name(type));
	if (i != PLACE_NONE)
		fill(here, stmt, i, HOLDS_OWNER);
}

/* The owner type that a pointer type points to, or NULL. */
static tree owner_behind(tree type)
{
	if (!POINTER_TYPE_P(type) || !mark_is_owner(TREE_TYPE(type)))
		return NULL_TREE;
	return TYPE_MAIN_VARIANT(TREE_TYPE(type));
}

/* What some other memory is taken for an owner by. */
void check::cast(gimple *stmt, tree to_type, tree from)
{
	tree to = owner_behind(to_type);
	location_t where = place_of(stmt);

	if (to == NULL_TREE || integer_zerop(from) || owner_behind(TREE_TYPE(from)) == to)
		return;
	if (mark_in_own(where) || mark_implements(to, where) ||
	    mark_implements(to, DECL_SOURCE_LOCATION(function->decl)))
		return;
	if (report(stmt, -1, "cast"))
		error_at(where,
			 "an owner of type %qs is forged by a cast: only code that says "
			 "OWN_IMPLEMENTS(%s, reason) makes one",
			 mark_owner_name(to), mark_owner_name(to));
}

void check::clobber(state *here, gimple *stmt, tree to)
{
	if (!DECL_P(to))
		return;
	for (int i : all.inside(to, false)) {
		holding &held = here->holdings[i];

		if (all.at(i).cleanup == NULL_TREE && (held.bits & HOLDS_OWNER) != 0 &&
		    tracked(i) && report(stmt, i, "leak")) {
			error_at(held.acquired,
				 "owner %qs of type %qs leaks at the end of its scope: declare it "
				 "OWN(%s, x), or move it",
				 all.name(i).c_str(), mark_owner_name(all.at(i).type),
				 mark_owner_name(all.at(i).type));
		}
		borrow_end(here, stmt, i);
		empty(here, stmt, i, HOLDS_NOTHING);
	}
}

/* The variable has another value: what was known through it is not any more. */
void check::assigned(state *here, gimple *stmt, tree variable)
{
	tree from = is_gimple_assign(stmt) ? gimple_assign_rhs1(stmt) : NULL_TREE;
	bool copies =
		from != NULL_TREE && (DECL_P(from) || TREE_CODE(from) == SSA_NAME) &&
		(gimple_assign_single_p(stmt) || CONVERT_EXPR_CODE_P(gimple_assign_rhs_code(stmt)));

	bool constant = from != NULL_TREE && TREE_CODE(from) == INTEGER_CST;

	for (holding &held : here->holdings) {
		if ((held.bits & HOLDS_FAILURE) != 0 && from != NULL_TREE && constant) {
			if (integer_zerop(from))
				held.results.erase(variable);
			else
				held.results.insert(variable);
		}
		if (held.results.empty() || constant)
			continue;
		if (copies && held.results.count(from) != 0)
			held.results.insert(variable);
		else if (!copies || from != variable)
			held.results.erase(variable);
	}
	if (!POINTER_TYPE_P(TREE_TYPE(variable)))
		return;
	for (int i : all.inside(variable, true)) {
		holding reset = {};

		reset.bits = HOLDS_UNKNOWN;
		here->holdings[i] = reset;
	}
}

void check::assign(state *here, gimple *stmt)
{
	tree to = gimple_assign_lhs(stmt);
	tree from = gimple_assign_rhs1(stmt);
	tree word = NULL_TREE;

	if (gimple_clobber_p(stmt)) {
		clobber(here, stmt, to);
		return;
	}
	if (mark_is_owner(TREE_TYPE(to)) && gimple_assign_single_p(stmt)) {
		if (TREE_CODE(from) == CONSTRUCTOR && CONSTRUCTOR_NELTS(from) == 0)
			write_word(here, stmt, to, from);
		else if (TREE_CODE(from) != CONSTRUCTOR)
			copy(here, stmt, to, from);
		return;
	}
	if (TREE_CODE(to) == COMPONENT_REF && mark_is_owner(TREE_TYPE(TREE_OPERAND(to, 0)))) {
		write_word(here, stmt, to, from);
		return;
	}
	if (TREE_CODE(from) == COMPONENT_REF && gimple_assign_single_p(stmt) &&
	    mark_is_owner(TREE_TYPE(TREE_OPERAND(from, 0))))
		word = TREE_TYPE(TREE_OPERAND(from, 0));
	if (word != NULL_TREE && !mark_in_own(place_of(stmt)) &&
	    !mark_implements(word, place_of(stmt)) &&
	    !mark_implements(word, DECL_SOURCE_LOCATION(function->decl)) &&
	    report(stmt, all.find(from), "raw"))
		error_at(place_of(stmt),
			 "the word of an owner of type %qs is read: use the functions of its "
			 "interface, or IS_EMPTY(x)",
			 mark_owner_name(word));
	if (mark_holds_owner(TREE_TYPE(to)) && gimple_assign_single_p(stmt)) {
		for (int i : DECL_P(from) ? all.inside(from, false) : std::vector<int>())
			empty(here, stmt, i, HOLDS_MOVED);
		if (!DECL_P(from) && TREE_CODE(from) != CONSTRUCTOR && report(stmt, -1, "copy"))
			error_at(place_of(stmt),
				 "a struct that holds owners is copied: move them one by one");
		for (int i : DECL_P(to) ? all.inside(to, false) : std::vector<int>())
			here->holdings[i].bits = (TREE_CODE(from) == CONSTRUCTOR)
							 ? (unsigned)HOLDS_NOTHING
							 : (unsigned)HOLDS_UNKNOWN;
	}
	if (gimple_assign_single_p(stmt) || CONVERT_EXPR_CODE_P(gimple_assign_rhs_code(stmt)))
		cast(stmt, TREE_TYPE(to), from);
	if (DECL_P(to) || TREE_CODE(to) == SSA_NAME)
		assigned(here, stmt, to);
}

/* Owners without a cleanup do not survive what unwinds. */
void check::unguarded(state *here, gimple *stmt)
{
	location_t where = place_of(stmt);

	if (!stmt_could_throw_p(function, stmt) || mark_in_own(where))
		return;
	if (is_gimple_call(stmt) && mark_is_cleanup(gimple_call_fndecl(stmt)))
		return;
	for (size_t i = 0; i < here->holdings.size(); i++) {
		holding &held = here->holdings[i];
		const place &it = all.at(i);

		if ((held.bits & HOLDS_OWNER) == 0 || it.cleanup != NULL_TREE || !tracked(i) ||
		    !reporting || !reported.insert({ UNKNOWN_LOCATION, i, "alive" }).second)
			continue;
		error_at(where,
			 "%s may unwind while owner %qs of type %qs is alive without a cleanup: "
			 "declare it OWN(%s, x)",
			 is_gimple_call(stmt) ? "this call" : "this access", all.name(i).c_str(),
			 mark_owner_name(it.type), mark_owner_name(it.type));
		inform(held.acquired, "acquired here");
	}
}

void check::exit(state *here, gimple *stmt)
{
	tree value = gimple_return_retval(as_a<greturn *>(stmt));
	int returned = PLACE_NONE;

	if (value != NULL_TREE && mark_is_owner(TREE_TYPE(value)))
		returned = all.find(value);
	for (size_t i = 0; i < here->holdings.size(); i++) {
		holding &held = here->holdings[i];
		const place &it = all.at(i);

		if ((int)i == returned || (held.bits & HOLDS_OWNER) == 0 ||
		    it.cleanup != NULL_TREE || !tracked(i) || !reporting ||
		    !reported.insert({ UNKNOWN_LOCATION, i, "leak" }).second)
			continue;
		error_at(held.acquired,
			 "owner %qs of type %qs leaks on a way out of the function: declare it "
			 "OWN(%s, x), or move it",
			 all.name(i).c_str(), mark_owner_name(it.type), mark_owner_name(it.type));
		inform(place_of(stmt), "it is still alive here");
	}
}

void check::statement(state *here, gimple *stmt)
{
	if (is_gimple_debug(stmt))
		return;
	borrow_uses(here, stmt);
	if (is_gimple_assign(stmt)) {
		assign(here, stmt);
		unguarded(here, stmt);
		borrow_assign(here, stmt);
	} else if (is_gimple_call(stmt)) {
		call(here, as_a<gcall *>(stmt));
	} else if (gimple_code(stmt) == GIMPLE_RETURN) {
		exit(here, stmt);
	}
}
