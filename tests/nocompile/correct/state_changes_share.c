/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>

int share(map_ro map, shared_ro *ret_a, shared_ro *ret_b);
int share(map_ro map, shared_ro *ret_a, shared_ro *ret_b)
{
	OWN(map_ro, mine) = map;
	OWN(shared_ro, shared) = OWNER_EMPTY;
	int r = shared_ro_new(&mine, &shared);

	if (r < 0)
		return r;
	PUT(*ret_a, shared_ro_ref(&shared));
	PUT(*ret_b, MOVE(shared));
	return 0;
}
