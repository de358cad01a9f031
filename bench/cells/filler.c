/* SPDX-License-Identifier: MIT */
/*
 * A cell of which `bench` loads many: it writes a number over the 0000 of the
 * name wherever that occurs in the object.
 */
#include <clew/cell.h>

#include "hub.h"

uint32_t filler_0000_version(void);

CELL_EXPORT uint32_t filler_0000_version(void)
{
	return hub_version();
}

CELL("filler_0000", 1, CELL_SERVICE, "one of many cells that are loaded");
