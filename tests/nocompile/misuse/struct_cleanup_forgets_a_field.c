/* SPDX-License-Identifier: MIT */
/*
 * error: is forgotten where the struct is released
 * fixed: map_rw_drop(MOVE(pair->map)), namespace_ref_drop(MOVE(pair->ns));
 */
#include <clew/memory.h>
#include <clew/namespace.h>

struct pair {
	map_rw map;
	namespace_ref ns;
};

void pair_cleanup(struct pair *pair);
void pair_cleanup(struct pair *pair)
{
	map_rw_drop(MOVE(pair->map)); /* wrong */
}
