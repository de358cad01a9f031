/* SPDX-License-Identifier: MIT */
/*
 * error: kept in the state of the cell
 * fixed: names_state.all[i & 3] = name == NULL ? NULL : "";
 */
#include <clew/cell.h>
#include <clew/heap.h>

struct names_state {
	const void *all[4];
};

CELL_STATE(names, "the names") = { { NULL } };

CELL_EXPORT void names_set(unsigned int i, const void *name);
CELL_EXPORT void names_set(unsigned int i, const void *name)
{
	names_state.all[i & 3] = name; /* wrong */
}
