/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

const char *text(const map_ro *map);
const char *text(const map_ro *map)
{
	return map_ro_at(map);
}
