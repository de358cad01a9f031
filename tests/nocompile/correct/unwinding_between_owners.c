/* SPDX-License-Identifier: MIT */
/* Whatever unwinds, finds a cleanup. */
#include <clew/memory.h>
#include <clew/panic.h>

int both(int want);
int both(int want)
{
	OWN(map_rw, a) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &a);

	assert(r == 0);
	OWN(map_rw, b) = OWNER_EMPTY;
	r = map_rw_new(1, FRAME_BUFFER, &b);
	assert(r == 0 && want > 0);
	return *(char *)map_rw_at(&a) + *(char *)map_rw_at(&b);
}
