/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int turn(map_ro *from);
int turn(map_ro *from)
{
	OWN(map_rw, open) = OWNER_EMPTY;
	int r = map_ro_unseal(from, &open);

	if (r < 0)
		return r;
	return map_rw_seal(&open, from);
}
