/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int byte(map_ro *from);
int byte(map_ro *from)
{
	OWN(map_ro, map) = MOVE(*from);
	const char *bytes = map_ro_at(&map);

	return bytes[0];
}
