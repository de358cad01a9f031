/* SPDX-License-Identifier: MIT */
/*
 * error: is used after it was moved or released
 * fixed: return *(const char *)map_ro_at(ret);
 */
#include <clew/memory.h>

int seal(map_rw *from, map_ro *ret);
int seal(map_rw *from, map_ro *ret)
{
	OWN(map_rw, map) = MOVE(*from);
	int r = map_rw_seal(&map, ret);

	if (r < 0)
		return r;
	return *(char *)map_rw_at(&map); /* wrong */
}
