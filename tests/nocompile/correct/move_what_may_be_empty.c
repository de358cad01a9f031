/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

void give(map_rw *from, map_rw *to);
void give(map_rw *from, map_rw *to)
{
	if (IS_EMPTY(*from))
		return;
	PUT(*to, MOVE(*from));
}
