/* SPDX-License-Identifier: MIT */
/*
 * error: is copied
 * fixed: OWN(task_handle, other) = MOVE(mine);
 */
#include <clew/task.h>

void finish(task_handle task);
void finish(task_handle task)
{
	OWN(task_handle, mine) = task;
	OWN(task_handle, other) = mine; /* wrong */
}
