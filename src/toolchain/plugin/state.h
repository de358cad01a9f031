/* SPDX-License-Identifier: MIT */
/*
 * What is known about places and borrowed pointers at a point of a function:
 * the union over all ways to get there.
 */
#ifndef CLEW_PLUGIN_STATE_H
#define CLEW_PLUGIN_STATE_H

#include <map>
#include <set>
#include <vector>

#include "gcc.h"

/* What the place may hold; several bits: it depends on the way. */
enum {
	HOLDS_NOTHING = 1, /* yet */
	HOLDS_OWNER = 2,
	HOLDS_COPY = 4,	    /* of what somebody else owns by now; to be emptied at once */
	HOLDS_MOVED = 8,    /* nothing any more: moved or released */
	HOLDS_FAILURE = 16, /* nothing: who should have written it failed */
	HOLDS_UNKNOWN = 32,
};

enum outcome_kind {
	OUTCOME_NONE,
	OUTCOME_WRITTEN, /* an owner after a success */
	OUTCOME_TAKEN,	 /* nothing after a success */
};

struct holding {
	unsigned int bits;
	location_t acquired, left;
	enum outcome_kind pending; /* of a call whose result was not tested */
	location_t called;
	std::set<tree> results; /* variables that are not 0 if it holds HOLDS_FAILURE */

	bool merge(const holding &other);
};

/* A pointer into what an owner owns, or to the owner. */
struct borrow {
	int place;
	bool of_variable; /* points to the owner's place itself */
	location_t taken;
	location_t ended; /* where the owner went; UNKNOWN_LOCATION: it is there */
};

struct state {
	bool reached = false;
	std::vector<holding> holdings;	/* by place; all of them */
	std::map<tree, borrow> borrows; /* by variable; a struct: of what it points to */

	bool merge(const state &other);
};

#endif
