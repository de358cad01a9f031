/* SPDX-License-Identifier: MIT */
/*
 * error: forged by a cast
 * fixed: return map_ro_size(map);
 */
#include <clew/memory.h>

size_t size(map_ro *map);
size_t size(map_ro *map)
{
	return map_rw_size((map_rw *)map); /* wrong */
}
