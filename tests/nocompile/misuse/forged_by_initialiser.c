/* SPDX-License-Identifier: MIT */
/*
 * error: is forged
 * fixed: OWN(map_rw, map) = OWNER_EMPTY; (void)word;
 */
#include <clew/memory.h>

size_t guess(uint64_t word);
size_t guess(uint64_t word)
{
	OWN(map_rw, map) = { word }; /* wrong */

	return IS_EMPTY(map);
}
