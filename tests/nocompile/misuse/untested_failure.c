/* SPDX-License-Identifier: MIT */
/*
 * error: before the result of the call
 * fixed: char *bytes = r < 0 ? NULL : map_rw_at(&map);
 */
#include <clew/memory.h>

char first(void);
char first(void)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &map);
	char *bytes = map_rw_at(&map); /* wrong */

	return r < 0 ? 0 : bytes[0];
}
