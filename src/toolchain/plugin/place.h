/* SPDX-License-Identifier: MIT */
/*
 * Places: where in a function an owner may lie.
 *
 * A place is a variable or field, or what a pointer of fixed value points to,
 * with an offset.  Two expressions that certainly mean the same memory are the
 * same place; two that may, are not: aliasing through memory is not seen.
 */
#ifndef CLEW_PLUGIN_PLACE_H
#define CLEW_PLUGIN_PLACE_H

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "gcc.h"

struct place {
	tree base;   /* variable; or the pointer, when behind */
	bool behind; /* what base points to */
	HOST_WIDE_INT offset;
	tree type;	/* the owner's */
	bool is_local;	/* this function's own: not behind a pointer, not static */
	bool is_whole;	/* the variable is the owner, not a struct that holds it */
	bool is_result; /* what the function returns */
	tree cleanup;	/* the function that releases the variable, or NULL */
};

#define PLACE_NONE (-1)

class places
{
      public:
	explicit places(struct function *function);

	int find(tree reference); /* of an owner, or its word */
	int pointed(tree pointer);
	const place &at(int i) const
	{
		return all[i];
	}
	int count() const
	{
		return (int)all.size();
	}
	std::vector<int> inside(tree base, bool behind) const;

	std::string name(int i) const; /* as the source would write it */
	bool is_named(int i) const;

	tree origin(tree pointer) const;	 /* what a pointer's value comes from */
	gimple *definition(tree variable) const; /* the only one, or NULL */

      private:
	int add(tree base, bool behind, HOST_WIDE_INT offset, tree type);

	std::vector<place> all;
	std::map<std::tuple<tree, bool, HOST_WIDE_INT>, int> index;
	std::map<tree, std::pair<int, gimple *>> definitions; /* how many, and the last seen */
};

#endif
