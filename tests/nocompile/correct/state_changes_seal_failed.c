/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

char sealed(map_rw *from, map_ro *ret);
char sealed(map_rw *from, map_ro *ret)
{
	OWN(map_rw, map) = MOVE(*from);
	int r = map_rw_seal(&map, ret);

	if (r < 0)
		return *(char *)map_rw_at(&map);
	return *(const char *)map_ro_at(ret);
}
