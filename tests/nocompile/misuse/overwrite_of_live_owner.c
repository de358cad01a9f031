/* SPDX-License-Identifier: MIT */
/*
 * error: is overwritten while it may be alive
 * fixed: return 0;
 */
#include <clew/memory.h>

int twice(void);
int twice(void)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &map);

	if (r < 0)
		return r;
	return map_rw_new(2, FRAME_BUFFER, &map); /* wrong */
}
