/* SPDX-License-Identifier: MIT */
/* Only stores of the exported function itself are looked at. */
#include <clew/cell.h>

struct names_state {
	const char *last;
};

CELL_STATE(names, "the last name") = { 0 };

static void keep(const char *name)
{
	names_state.last = name;
}

CELL_EXPORT void names_set(const char *name);
CELL_EXPORT void names_set(const char *name)
{
	keep(name);
}
