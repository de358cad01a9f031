/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int make(map_rw *ret);
int make(map_rw *ret)
{
	return map_rw_new(1, FRAME_BUFFER, ret);
}
