/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int keep_for_good(void);
int keep_for_good(void)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &map);

	if (r < 0)
		return r;
	FORGET(map, "it is never given back");
	return 0;
}
