/* SPDX-License-Identifier: MIT */
/*
 * error: leaks
 * fixed: map_rw_drop(MOVE(*map));
 */
#include <clew/memory.h>

void lose(map_rw *map);
void lose(map_rw *map)
{
	(void)MOVE(*map); /* wrong */
}
