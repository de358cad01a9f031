/* SPDX-License-Identifier: MIT */
/* What a condition says about owners on the way it leads to.  See check.h. */
#include "check.h"

/* Whether `value` may be a result (negative, zero, positive) on that way. */
static bool result_may_be(int value, enum tree_code code, int constant, bool holds)
{
	bool result;

	switch (code) {
	case EQ_EXPR:
		result = value == constant;
		break;
	case NE_EXPR:
		result = value != constant;
		break;
	case LT_EXPR:
		result = value < constant;
		break;
	case LE_EXPR:
		result = value <= constant;
		break;
	case GT_EXPR:
		result = value > constant;
		break;
	case GE_EXPR:
		result = value >= constant;
		break;
	default:
		return true;
	}
	return result == holds;
}

/* The variable says how calls went: 0 is a success, below 0 nothing was done. */
void check::refine_result(state *here, tree result, enum tree_code code, tree right,
			  bool holds) const
{
	int constant;
	bool failed, succeeded, other;

	if (!tree_fits_shwi_p(right))
		return;
	constant = tree_to_shwi(right) < 0 ? -1 : tree_to_shwi(right) > 0 ? 1 : 0;
	if (constant != 0 && (code == NE_EXPR ? holds : !holds))
		return; /* not that very value says nothing */
	failed = result_may_be(-1, code, constant, holds);
	succeeded = result_may_be(0, code, constant, holds);
	other = result_may_be(1, code, constant, holds);
	for (holding &held : here->holdings) {
		if (held.results.count(result) == 0)
			continue;
		if (held.pending == OUTCOME_TAKEN) {
			if (!succeeded)
				held.bits &= ~(unsigned)HOLDS_MOVED;
			else if (!failed)
				held.bits &= ~(unsigned)HOLDS_OWNER;
		} else if (!failed) {
			held.bits &= ~(unsigned)HOLDS_FAILURE;
		} else if (!succeeded && !other && held.pending == OUTCOME_WRITTEN) {
			held.bits &= ~(unsigned)HOLDS_OWNER;
		}
		/* The variable still says it where ways meet again. */
		if (!(failed && succeeded))
			held.pending = OUTCOME_NONE;
	}
}

/* Whether what holds of `a & b` or `a | b` holds of both: conditions that gcc joined. */
static bool says_both(enum tree_code joined, enum tree_code code, tree right, bool holds)
{
	if (!integer_zerop(right))
		return false;
	if (joined == BIT_AND_EXPR)
		return (code == NE_EXPR && holds) || (code == EQ_EXPR && !holds);
	if (joined == BIT_IOR_EXPR)
		return (code == EQ_EXPR && holds) || (code == NE_EXPR && !holds) ||
		       (code == LT_EXPR && !holds) || (code == GE_EXPR && holds);
	return false;
}

void check::refine_comparison(state *here, enum tree_code code, tree left, tree right, bool holds,
			      int depth) const
{
	gimple *made;

	if (TREE_CODE(right) != INTEGER_CST || depth > 8)
		return;
	if (DECL_P(left) || TREE_CODE(left) == SSA_NAME)
		refine_result(here, left, code, right, holds);
	made = DECL_P(left) || TREE_CODE(left) == SSA_NAME ? all.definition(left) : NULL;
	if (made != NULL && is_gimple_assign(made)) {
		enum tree_code inner = gimple_assign_rhs_code(made);
		tree from = gimple_assign_rhs1(made);

		if (TREE_CODE_CLASS(inner) == tcc_comparison && integer_zerop(right) &&
		    (code == EQ_EXPR || code == NE_EXPR)) {
			refine_comparison(here, inner, from, gimple_assign_rhs2(made),
					  holds == (code == NE_EXPR), depth + 1);
			return;
		}
		if (gimple_assign_single_p(made) || CONVERT_EXPR_CODE_P(inner))
			refine_comparison(here, code, from, right, holds, depth + 1);
		else if (says_both(inner, code, right, holds)) {
			refine_comparison(here, code, from, right, holds, depth + 1);
			refine_comparison(here, code, gimple_assign_rhs2(made), right, holds,
					  depth + 1);
		}
		return;
	}
	if (TREE_CODE(left) != COMPONENT_REF || !integer_zerop(right) ||
	    (code != EQ_EXPR && code != NE_EXPR))
		return;
	{
		int i = const_cast<places &>(all).find(left);
		unsigned int nothing = HOLDS_NOTHING | HOLDS_MOVED | HOLDS_FAILURE;

		if (i == PLACE_NONE || (size_t)i >= here->holdings.size())
			return;
		holding &held = here->holdings[i];
		if (holds == (code == EQ_EXPR)) { /* the word is 0 */
			if ((held.bits & nothing) == 0)
				held.bits = HOLDS_NOTHING;
			held.bits &= nothing;
		} else {
			held.bits &= ~nothing;
			if (held.bits == 0 || held.bits == HOLDS_UNKNOWN)
				held.bits = HOLDS_OWNER;
		}
		held.pending = OUTCOME_NONE;
		held.results.clear();
	}
}

void check::refine(state *here, edge way) const
{
	gimple *last = last_stmt(way->src);

	if (last == NULL)
		return;
	if (gimple_code(last) == GIMPLE_COND) {
		gcond *condition = as_a<gcond *>(last);

		refine_comparison(here, gimple_cond_code(condition), gimple_cond_lhs(condition),
				  gimple_cond_rhs(condition), (way->flags & EDGE_TRUE_VALUE) != 0,
				  0);
		return;
	}
	if (gimple_code(last) == GIMPLE_SWITCH) {
		gswitch *choice = as_a<gswitch *>(last);

		tree only = NULL_TREE;
		int labels = 0;

		for (unsigned int i = 0; i < gimple_switch_num_labels(choice); i++) {
			tree label = gimple_switch_label(choice, i);

			if (label_to_block(cfun, CASE_LABEL(label)) != way->dest)
				continue;
			labels++;
			only = i == 0 || CASE_HIGH(label) != NULL_TREE ? NULL_TREE
								       : CASE_LOW(label);
		}
		if (labels == 1 && only != NULL_TREE)
			refine_comparison(here, EQ_EXPR, gimple_switch_index(choice), only, true,
					  0);
	}
}
