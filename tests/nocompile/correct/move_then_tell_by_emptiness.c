/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

size_t rest(map_rw *place, map_rw map, bool wanted);
size_t rest(map_rw *place, map_rw map, bool wanted)
{
	OWN(map_rw, mine) = map;

	if (wanted)
		PUT(*place, MOVE(mine));
	if (IS_EMPTY(mine))
		return 0;
	return map_rw_size(&mine);
}
