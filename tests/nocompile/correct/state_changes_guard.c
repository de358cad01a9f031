/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int stack(map_rw *ret, map_none *ret_guard);
int stack(map_rw *ret, map_none *ret_guard)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	int r = map_rw_new(4, FRAME_STACK, &map);

	if (r == 0)
		r = map_rw_guard(&map, 1, ret_guard);
	if (r == 0)
		PUT(*ret, MOVE(map));
	return r;
}
