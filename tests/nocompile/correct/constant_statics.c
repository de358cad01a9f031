/* SPDX-License-Identifier: MIT */
#include <clew/cell.h>

static const char *const names[] = { "first", "second" };

const char *name(unsigned int i);
const char *name(unsigned int i)
{
	static const unsigned int last = 1;

	return names[i > last ? last : i];
}
