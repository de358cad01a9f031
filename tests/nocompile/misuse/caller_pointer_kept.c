/* SPDX-License-Identifier: MIT */
/*
 * error: kept in the state of the cell
 * fixed: names_state.last = name == NULL ? NULL : "";
 */
#include <clew/cell.h>
#include <clew/heap.h>

struct names_state {
	const char *last;
};

CELL_STATE(names, "the last name") = { NULL };

CELL_EXPORT void names_set(const char *name);
CELL_EXPORT void names_set(const char *name)
{
	names_state.last = name; /* wrong */
}
