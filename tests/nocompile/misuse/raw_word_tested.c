/* SPDX-License-Identifier: MIT */
/*
 * error: the word of an owner
 * fixed: return !IS_EMPTY(*map);
 */
#include <clew/memory.h>

bool has(const map_rw *map);
bool has(const map_rw *map)
{
	return map->word != 0; /* wrong */
}
