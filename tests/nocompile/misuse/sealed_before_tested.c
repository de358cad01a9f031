/* SPDX-License-Identifier: MIT */
/*
 * error: before the result of the call
 * fixed: if (r == 0) r = map_rw_seal(&map, ret);
 */
#include <clew/memory.h>

int forward(map_ro *ret);
int forward(map_ro *ret)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &map);

	r = r + map_rw_seal(&map, ret); /* wrong */
	return r;
}
