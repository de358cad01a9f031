/* SPDX-License-Identifier: MIT */
/*
 * error: stored in static storage
 * fixed: viewer_state.text = "";
 */
#include <clew/cell.h>
#include <clew/memory.h>

struct viewer_state {
	const char *text;
};

CELL_STATE(viewer, "what is shown") = { NULL };

int show(map_ro *from);
int show(map_ro *from)
{
	OWN(map_ro, map) = MOVE(*from);

	viewer_state.text = map_ro_at(&map); /* wrong */
	return viewer_state.text[0];
}
