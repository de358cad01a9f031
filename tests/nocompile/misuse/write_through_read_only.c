/* SPDX-License-Identifier: MIT */
/*
 * error: discards
 * fixed: const char *bytes = map_ro_at(map);
 */
#include <clew/memory.h>

void fill(const map_ro *map);
void fill(const map_ro *map)
{
	char *bytes = map_ro_at(map); /* wrong */

	(void)bytes;
}
