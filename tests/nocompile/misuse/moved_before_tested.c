/* SPDX-License-Identifier: MIT */
/*
 * error: before the result of the call
 * fixed: if (r == 0) PUT(*ret, MOVE(map));
 */
#include <clew/memory.h>

int forward(map_rw *ret);
int forward(map_rw *ret)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &map);

	PUT(*ret, MOVE(map)); /* wrong */
	return r;
}
