/* SPDX-License-Identifier: MIT */
/*
 * error: ignoring return value
 * fixed: if (map_rw_new(1, FRAME_BUFFER, &map) < 0) return;
 */
#include <clew/memory.h>

void try(void);
void try(void)
{
	OWN(map_rw, map) = OWNER_EMPTY;

	map_rw_new(1, FRAME_BUFFER, &map); /* wrong */
}
