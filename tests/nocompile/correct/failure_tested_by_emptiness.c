/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int one(void);
int one(void)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &map);

	if (IS_EMPTY(map))
		return r;
	return *(char *)map_rw_at(&map);
}
