/* SPDX-License-Identifier: MIT */
/*
 * error: borrowed from owner
 * fixed: bytes = NULL;
 */
#include <clew/memory.h>

int first(void);
int first(void)
{
	char *bytes = NULL;

	{
		OWN(map_rw, map) = OWNER_EMPTY;

		if (map_rw_new(1, FRAME_BUFFER, &map) < 0)
			return 0;
		bytes = map_rw_at(&map); /* wrong */
	}
	return bytes == NULL ? 1 : bytes[0];
}
