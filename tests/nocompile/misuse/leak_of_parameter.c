/* SPDX-License-Identifier: MIT */
/*
 * error: leaks
 * fixed: map_rw_drop(map);
 */
#include <clew/memory.h>

void consume(map_rw map);
void consume(map_rw map)
{
	(void)map; /* wrong */
}
