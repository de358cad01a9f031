/* SPDX-License-Identifier: MIT */
/*
 * error: is alive without a cleanup
 * fixed:
 */
#include <clew/panic.h>
#include <clew/task.h>

void consume(task_handle task, int r);
void consume(task_handle task, int r)
{
	assert(r == 0); /* wrong */
	task_detach(task);
}
