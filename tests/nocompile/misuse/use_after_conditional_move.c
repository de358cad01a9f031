/* SPDX-License-Identifier: MIT */
/*
 * error: is used after it was moved or released
 * fixed: return 0;
 */
#include <clew/memory.h>

size_t size(map_rw *from, bool drop);
size_t size(map_rw *from, bool drop)
{
	OWN(map_rw, map) = MOVE(*from);

	if (drop)
		map_rw_drop(MOVE(map)); /* wrong */
	return map_rw_size(&map);
}
