/* SPDX-License-Identifier: MIT */
/*
 * error: is emptied while it may be alive
 * fixed: task_detach(MOVE(mine));
 */
#include <clew/task.h>

int start(task_handle *ret);
int start(task_handle *ret)
{
	OWN(task_handle, mine) = MOVE(*ret);

	if (IS_EMPTY(mine))
		return 1;
	mine = (task_handle)OWNER_EMPTY; /* wrong */
	return 0;
}
