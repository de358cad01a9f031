/* SPDX-License-Identifier: MIT */
#include <clew/task.h>

void finish(task_handle *from);
void finish(task_handle *from)
{
	OWN(task_handle, task) = MOVE(*from);

	task_detach(MOVE(task));
}
