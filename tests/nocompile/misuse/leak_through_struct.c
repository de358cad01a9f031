/* SPDX-License-Identifier: MIT */
/*
 * error: leaks
 * fixed: int r = pair.second;
 */
#include <clew/memory.h>

struct pair {
	map_rw first;
	int second;
};

int keep(void);
int keep(void)
{
	struct pair pair = { .second = 1 };
	int r = map_rw_new(1, FRAME_BUFFER, &pair.first); /* wrong */

	return r + pair.second;
}
