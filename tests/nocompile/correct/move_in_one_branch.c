/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

void keep(map_rw *place, map_rw map, bool wanted);
void keep(map_rw *place, map_rw map, bool wanted)
{
	OWN(map_rw, mine) = map;

	if (wanted)
		PUT(*place, MOVE(mine));
}
