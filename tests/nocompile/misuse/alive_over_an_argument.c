/* SPDX-License-Identifier: MIT */
/*
 * error: is alive without a cleanup
 * fixed: size_t size = next_size(); both(size, MOVE(*from));
 */
#include <clew/frame.h>
#include <clew/memory.h>

size_t next_size(void);
void both(size_t size, map_rw map);
void give(map_rw *from);
void give(map_rw *from)
{
	both(next_size(), MOVE(*from)); /* wrong */
}
