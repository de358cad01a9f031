/* SPDX-License-Identifier: MIT */
/*
 * error: is used after it was moved or released
 * fixed: return 0;
 */
#include <clew/memory.h>

size_t size(map_rw *from);
size_t size(map_rw *from)
{
	OWN(map_rw, map) = MOVE(*from);

	map_rw_drop(MOVE(map));
	return map_rw_size(&map); /* wrong */
}
