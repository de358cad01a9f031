/* SPDX-License-Identifier: MIT */
/* Where ways meet.  See state.h. */
#include "state.h"

/* What the variables say: only where both ways agree, if both may have failed. */
static bool merge_results(holding *held, const holding &other)
{
	unsigned int asked = HOLDS_FAILURE;
	bool changed = false;

	if (held->pending == OUTCOME_TAKEN || other.pending == OUTCOME_TAKEN)
		asked |= HOLDS_MOVED;
	if ((other.bits & asked) == 0)
		return false;
	if ((held->bits & asked) == 0) {
		changed = held->results != other.results;
		held->results = other.results;
		return changed;
	}
	for (auto result = held->results.begin(); result != held->results.end();) {
		if (other.results.count(*result) != 0) {
			++result;
			continue;
		}
		result = held->results.erase(result);
		changed = true;
	}
	return changed;
}

bool holding::merge(const holding &other)
{
	bool changed = merge_results(this, other);

	changed |= (bits | other.bits) != bits;
	bits |= other.bits;
	if (acquired == UNKNOWN_LOCATION && other.acquired != UNKNOWN_LOCATION) {
		acquired = other.acquired;
		changed = true;
	}
	if (left == UNKNOWN_LOCATION && other.left != UNKNOWN_LOCATION) {
		left = other.left;
		changed = true;
	}
	if (pending == OUTCOME_NONE && other.pending != OUTCOME_NONE) {
		pending = other.pending;
		called = other.called;
		changed = true;
	}
	return changed;
}

bool state::merge(const state &other)
{
	bool changed = !reached;

	if (!reached) {
		*this = other;
		reached = true;
		return true;
	}
	for (size_t i = 0; i < holdings.size(); i++)
		changed |= holdings[i].merge(other.holdings[i]);
	for (auto &entry : other.borrows) {
		auto found = borrows.find(entry.first);

		if (found == borrows.end()) {
			borrows[entry.first] = entry.second;
			changed = true;
		} else if (found->second.ended == UNKNOWN_LOCATION &&
			   entry.second.ended != UNKNOWN_LOCATION) {
			found->second = entry.second;
			changed = true;
		}
	}
	return changed;
}
