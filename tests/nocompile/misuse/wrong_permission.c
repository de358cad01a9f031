/* SPDX-License-Identifier: MIT */
/*
 * error: incompatible
 * fixed: return map_ro_size(map);
 */
#include <clew/memory.h>

size_t size(const map_ro *map);
size_t size(const map_ro *map)
{
	return map_rw_size(map); /* wrong */
}
