/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

size_t size(void);
size_t size(void)
{
	OWN(map_rw, map) = OWNER_EMPTY;

	if (map_rw_new(1, FRAME_BUFFER, &map) < 0)
		return 0;
	return map_rw_size(&map);
}
