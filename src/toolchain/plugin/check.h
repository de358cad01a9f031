/* SPDX-License-Identifier: MIT */
/*
 * The rules of ownership, applied to one function.
 *
 * Works on GIMPLE with its edges, of unwinding too: what has to hold is that
 * every way releases what it acquired, once.  flow.cc finds the states,
 * rules.cc and the files beside it say what a statement does to them.
 */
#ifndef CLEW_PLUGIN_CHECK_H
#define CLEW_PLUGIN_CHECK_H

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "gcc.h"
#include "marks.h"
#include "place.h"
#include "state.h"

class check
{
      public:
	explicit check(struct function *function);

	void run();

      private:
	/* flow.cc */
	state entry() const;
	void enumerate();
	void settle();
	void walk(basic_block block, state *here, state *unwound);
	bool leave_block(basic_block block, const state &unwound, const state &after);

	/* edges.cc: what a condition says about a way */
	void refine(state *here, edge way) const;
	void refine_comparison(state *here, enum tree_code code, tree left, tree right, bool holds,
			       int depth) const;
	void refine_result(state *here, tree result, enum tree_code code, tree right,
			   bool holds) const;

	/* rules.cc */
	void statement(state *here, gimple *stmt);
	void assign(state *here, gimple *stmt);
	void copy(state *here, gimple *stmt, tree to, tree from);
	void write_word(state *here, gimple *stmt, tree to, tree value);
	void cast(gimple *stmt, tree to_type, tree from);
	void clobber(state *here, gimple *stmt, tree to);
	void assigned(state *here, gimple *stmt, tree variable);
	void exit(state *here, gimple *stmt);
	void unguarded(state *here, gimple *stmt);
	void fill(state *here, gimple *stmt, int to, unsigned int bits);
	void empty(state *here, gimple *stmt, int from, unsigned int bits);

	/* calls.cc */
	void call(state *here, gcall *stmt);
	void call_argument(state *here, gcall *stmt, unsigned int i);
	void call_results(state *here, gcall *stmt);
	void call_cleanup(state *here, gcall *stmt, tree argument);
	void use(state *here, gimple *stmt, int i);
	void lend(state *here, gimple *stmt, int i, tree type);
	bool take(state *here, gimple *stmt, int from, const char *what);
	void call_bytes(state *here, gcall *stmt, tree argument);

	/* borrows.cc */
	void borrow_assign(state *here, gimple *stmt);
	void borrow_call(state *here, gcall *stmt);
	void borrow_uses(state *here, gimple *stmt);
	void borrow_used(state *here, gimple *stmt, tree variable);
	void borrow_stored(state *here, gimple *stmt, tree to, tree value);
	void borrow_end(state *here, gimple *stmt, int place);
	void borrow_move(state *here, int from, int to);
	bool borrow_of(const state *here, tree value, borrow *ret);
	void kept(state *here, gimple *stmt, tree to, tree value);

	bool has_child_after(int i) const;
	bool tracked(int i) const; /* whether leaks of it are this function's */
	bool implements(int i, const gimple *stmt) const;
	bool report(const gimple *stmt, int i, const char *rule);
	location_t place_of(const gimple *stmt) const;

	struct function *function;
	places all;
	bool reporting = false;
	state *thrown = NULL;  /* where a call is to put what holds when it unwinds */
	std::vector<state> at; /* by block: on entry */
	std::set<std::tuple<location_t, int, std::string>> reported;
};

#endif
