/* SPDX-License-Identifier: MIT */
/*
 * error: borrowed from owner
 * fixed: if (!IS_EMPTY(*from)) return 1;
 */
#include <clew/memory.h>

int first(map_rw *from);
int first(map_rw *from)
{
	OWN(map_rw, map) = MOVE(*from);
	uintptr_t address = (uintptr_t)map_rw_at(&map);

	map_rw_drop(MOVE(map)); /* wrong */
	return *(char *)address;
}
