/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int make(map_rw *ret);
int make(map_rw *ret)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	int r = map_rw_new(2, FRAME_BUFFER, &map);

	if (r < 0)
		return r;
	PUT(*ret, MOVE(map));
	return 0;
}
