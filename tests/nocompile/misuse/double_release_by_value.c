/* SPDX-License-Identifier: MIT */
/*
 * error: is copied
 * fixed: map_rw_drop(MOVE(map));
 */
#include <clew/memory.h>

void release(void);
void release(void)
{
	OWN(map_rw, map) = OWNER_EMPTY;

	if (map_rw_new(1, FRAME_BUFFER, &map) < 0)
		return;
	map_rw_drop(map); /* wrong */
}
