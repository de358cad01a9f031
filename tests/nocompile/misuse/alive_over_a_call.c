/* SPDX-License-Identifier: MIT */
/*
 * error: is alive without a cleanup
 * fixed:
 */
#include <clew/memory.h>

void log_size(size_t size);
void consume(map_rw map);
void consume(map_rw map)
{
	log_size(1); /* wrong */
	map_rw_drop(map);
}
