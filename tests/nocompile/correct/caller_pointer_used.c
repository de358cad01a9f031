/* SPDX-License-Identifier: MIT */
#include <clew/cell.h>
#include <clew/heap.h>

struct names_state {
	char first;
};

CELL_STATE(names, "the first letter") = { 0 };

CELL_EXPORT void names_set(const char *name);
CELL_EXPORT void names_set(const char *name)
{
	names_state.first = name[0];
}
