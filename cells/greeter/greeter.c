/* SPDX-License-Identifier: MIT */
/*
 * Demonstration service without state: a greeting.  Does not allocate.
 */
#include <clew/greeter.h>

#include <clew/cell.h>

#include "base/format.h"

#define VERSION 1

CELL_EXPORT uint32_t greeter_version(void)
{
	return VERSION;
}

CELL_EXPORT uint32_t greeter_greet(const char *name, char *ret, size_t size)
{
	format_text(ret, size, "Hello, %s", name);
	return VERSION;
}

CELL("greeter", VERSION, CELL_SERVICE, "greets; a service without state, to be swapped");
