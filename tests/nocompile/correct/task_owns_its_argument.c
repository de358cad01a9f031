/* SPDX-License-Identifier: MIT */
#include <clew/memory.h>
#include <clew/task.h>

static int work(map_rw pages)
{
	OWN(map_rw, mine) = pages;

	return (int)map_rw_size(&mine);
}
TASK_ENTRY(work, map_rw);

int start(task_handle *ret);
int start(task_handle *ret)
{
	OWN(map_rw, pages) = OWNER_EMPTY;
	int r = map_rw_new(1, FRAME_BUFFER, &pages);

	if (r < 0)
		return r;
	return TASK_SPAWN(work, &pages, NULL, ret);
}
