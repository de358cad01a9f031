/* SPDX-License-Identifier: MIT */
/*
 * error: leaks
 * fixed: if (now || !now)
 */
#include <clew/task.h>

void finish(task_handle task, bool now);
void finish(task_handle task, bool now)
{
	if (now) /* wrong */
		task_detach(task);
}
