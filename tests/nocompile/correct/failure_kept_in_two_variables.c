/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int one(int *ret_first);
int one(int *ret_first)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	int first = map_rw_new(1, FRAME_BUFFER, &map);
	int r = first;

	*ret_first = first;
	if (r < 0)
		return r;
	return *(char *)map_rw_at(&map);
}
