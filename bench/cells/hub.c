/* SPDX-License-Identifier: MIT */
/*
 * A service that any number of cells use: replacing it changes a word for
 * each of them.  HUB_VERSION makes the one version or the other.
 */
#include "hub.h"

#include <clew/cell.h>

CELL_EXPORT uint32_t hub_version(void)
{
	return HUB_VERSION;
}

CELL("hub", HUB_VERSION, CELL_SERVICE, "a service with many users, to be swapped");
