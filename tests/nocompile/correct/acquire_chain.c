/* SPDX-License-Identifier: MIT */
/* Each step only when the one before it succeeded. */
#include <clew/memory.h>

int chain(map_rw *ret_a, map_rw *ret_b);
int chain(map_rw *ret_a, map_rw *ret_b)
{
	OWN(map_rw, a) = OWNER_EMPTY;
	OWN(map_rw, b) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &a);

	if (r == 0)
		r = map_rw_new(1, FRAME_BUFFER, &b);
	if (r == 0) {
		PUT(*ret_a, MOVE(a));
		PUT(*ret_b, MOVE(b));
	}
	return r;
}
