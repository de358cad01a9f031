/* SPDX-License-Identifier: MIT */
/*
 * error: leaks
 * fixed: OWN(map_rw, first) = OWNER_EMPTY;
 */
#include <clew/memory.h>

int map_two(map_rw *ret);
int map_two(map_rw *ret)
{
	map_rw first = OWNER_EMPTY; /* wrong */
	int r = map_rw_new(1, FRAME_BUFFER, &first);

	if (r < 0)
		return r;
	PUT(*ret, MOVE(first));
	return 0;
}
