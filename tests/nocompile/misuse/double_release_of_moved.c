/* SPDX-License-Identifier: MIT */
/*
 * error: after it was moved or released
 * fixed:
 */
#include <clew/memory.h>

void release(map_rw *map);
void release(map_rw *map)
{
	OWN(map_rw, mine) = MOVE(*map);

	map_rw_drop(MOVE(mine));
	map_rw_drop(MOVE(mine)); /* wrong */
}
