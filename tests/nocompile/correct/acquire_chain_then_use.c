/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int chain(void);
int chain(void)
{
	OWN(map_rw, a) = OWNER_EMPTY;
	OWN(map_rw, b) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &a);

	if (r == 0)
		r = map_rw_new(1, FRAME_BUFFER, &b);
	if (r < 0)
		return r;
	return map_rw_size(&a) == map_rw_size(&b);
}
