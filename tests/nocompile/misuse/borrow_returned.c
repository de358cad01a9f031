/* SPDX-License-Identifier: MIT */
/*
 * error: what is returned is borrowed
 * fixed: return "";
 */
#include <clew/memory.h>

const char *text(map_ro *from);
const char *text(map_ro *from)
{
	OWN(map_ro, map) = MOVE(*from);

	return map_ro_at(&map); /* wrong */
}
