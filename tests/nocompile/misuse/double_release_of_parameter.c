/* SPDX-License-Identifier: MIT */
/*
 * error: after it was moved or released
 * fixed:
 */
#include <clew/task.h>

void finish(task_handle task);
void finish(task_handle task)
{
	task_detach(task);
	task_detach(task); /* wrong */
}
