/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

size_t used(const map_rw *map);
size_t all(map_rw *from);
size_t all(map_rw *from)
{
	OWN(map_rw, map) = MOVE(*from);

	return used(&map) + used(&map);
}
