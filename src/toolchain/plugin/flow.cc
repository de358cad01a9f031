/* SPDX-License-Identifier: MIT */
/* The states at the beginning of each block: iterated until they stay.  See check.h. */
#include "check.h"

check::check(struct function *function) : function(function), all(function)
{
}

state check::entry() const
{
	state result;

	result.reached = true;
	for (int i = 0; i < all.count(); i++) {
		const place &it = all.at(i);
		holding held = {};

		held.bits = it.is_local ? HOLDS_NOTHING : HOLDS_UNKNOWN;
		if (TREE_CODE(it.base) == PARM_DECL && !it.behind) {
			held.bits = it.is_whole ? HOLDS_OWNER : HOLDS_UNKNOWN;
			held.acquired = DECL_SOURCE_LOCATION(it.base);
		}
		result.holdings.push_back(held);
	}
	return result;
}

/* Names every place before there are states, which have one entry for each. */
void check::enumerate()
{
	basic_block block;

	for (tree it = DECL_ARGUMENTS(function->decl); it != NULL_TREE; it = DECL_CHAIN(it))
		all.find(it);
	FOR_EACH_BB_FN(block, function)
	{
		for (gimple_stmt_iterator i = gsi_start_bb(block); !gsi_end_p(i); gsi_next(&i)) {
			gimple *stmt = gsi_stmt(i);

			for (unsigned int op = 0; op < gimple_num_ops(stmt); op++) {
				tree operand = gimple_op(stmt, op);

				if (operand == NULL_TREE ||
				    !(EXPR_P(operand) || DECL_P(operand) ||
				      REFERENCE_CLASS_P(operand) || TREE_CODE(operand) == SSA_NAME))
					continue;
				if (POINTER_TYPE_P(TREE_TYPE(operand)))
					all.pointed(operand);
				else if (TREE_CODE(operand) != ADDR_EXPR)
					all.find(operand);
			}
		}
	}
}

/* MOVE and PUT touch a place that they have just read: that does not unwind. */
static bool unwinds(gimple *last)
{
	return last != NULL && (is_gimple_call(last) || !mark_in_own(gimple_location(last)));
}

bool check::leave_block(basic_block block, const state &unwound, const state &after)
{
	gimple *last = last_stmt(block);
	edge_iterator ei;
	edge way;
	bool changed = false;

	FOR_EACH_EDGE(way, ei, block->succs)
	{
		state there = (way->flags & EDGE_EH) != 0 ? unwound : after;

		if (way->dest == EXIT_BLOCK_PTR_FOR_FN(function) ||
		    ((way->flags & EDGE_EH) != 0 && !unwinds(last)))
			continue;
		if (last != NULL)
			refine(&there, way);
		changed |= at[way->dest->index].merge(there);
	}
	return changed;
}

/* unwound: what holds where the last statement unwinds. */
void check::walk(basic_block block, state *here, state *unwound)
{
	for (gimple_stmt_iterator i = gsi_start_bb(block); !gsi_end_p(i); gsi_next(&i)) {
		if (gsi_one_before_end_p(i)) {
			*unwound = *here;
			thrown = unwound;
		}
		statement(here, gsi_stmt(i));
		thrown = NULL;
	}
}

void check::settle()
{
	int rounds = 0;
	bool changed = true;
	basic_block block;

	at.assign(last_basic_block_for_fn(function), state());
	at[ENTRY_BLOCK_PTR_FOR_FN(function)->next_bb->index] = entry();
	while (changed && rounds++ < 64) {
		changed = false;
		FOR_EACH_BB_FN(block, function)
		{
			state here = at[block->index];
			state unwound;

			if (!here.reached)
				continue;
			walk(block, &here, &unwound);
			changed |= leave_block(block, unwound, here);
		}
	}
}

void check::run()
{
	basic_block block;

	enumerate();
	settle();
	reporting = true;
	FOR_EACH_BB_FN(block, function)
	{
		state here = at[block->index];
		state unwound;

		if (here.reached)
			walk(block, &here, &unwound);
	}
}

/* An implementer's owners without a cleanup are words it is about to use. */
bool check::tracked(int i) const
{
	const place &it = all.at(i);

	if (!it.is_local || it.is_result)
		return false;
	return it.cleanup != NULL_TREE ||
	       !mark_implements(it.type, DECL_SOURCE_LOCATION(function->decl));
}

bool check::implements(int i, const gimple *stmt) const
{
	return mark_implements(all.at(i).type, place_of(stmt)) ||
	       mark_implements(all.at(i).type, DECL_SOURCE_LOCATION(function->decl));
}

location_t check::place_of(const gimple *stmt) const
{
	location_t where = gimple_location(stmt);

	return where == UNKNOWN_LOCATION ? function->function_end_locus : where;
}

/* Once for each place in the source, owner and rule. */
bool check::report(const gimple *stmt, int i, const char *rule)
{
	if (!reporting)
		return false;
	return reported.insert({ place_of(stmt), i, rule }).second;
}
