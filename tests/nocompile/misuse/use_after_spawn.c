/* SPDX-License-Identifier: MIT */
/*
 * error: is used after it was moved or released
 * fixed: if (TASK_SPAWN(work, &pages, NULL, ret) == 0) return 0;
 */
#include <clew/memory.h>

#include <clew/task.h>

static int work(map_rw pages)
{
	OWN(map_rw, mine) = pages;

	return (int)map_rw_size(&mine);
}
TASK_ENTRY(work, map_rw);

int start(map_rw *from, task_handle *ret);
int start(map_rw *from, task_handle *ret)
{
	OWN(map_rw, pages) = MOVE(*from);

	task_detach(MOVE(*ret)), map_rw_drop(MOVE(pages)); /* wrong */
	return (int)map_rw_size(&pages);
}
