/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int sealed(map_ro *ret);
int sealed(map_ro *ret)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &map);

	if (r < 0)
		return r;
	*(char *)map_rw_at(&map) = 1;
	return map_rw_seal(&map, ret);
}
