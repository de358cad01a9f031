/* SPDX-License-Identifier: MIT */
/* Two pointers to one place: the plugin takes them for two places. */
#include <clew/memory.h>

size_t twice(map_rw *a, map_rw *b);
size_t twice(map_rw *a, map_rw *b)
{
	map_rw_drop(MOVE(*a));
	return map_rw_size(b); /* b may be a */
}
