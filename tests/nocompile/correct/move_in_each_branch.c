/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

void keep(map_rw *place, map_rw map, bool wanted);
void keep(map_rw *place, map_rw map, bool wanted)
{
	if (wanted)
		PUT(*place, map);
	else
		map_rw_drop(map);
}
