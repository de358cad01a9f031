/* SPDX-License-Identifier: MIT */
#include <clew/task.h>

int patient(task_handle task);
int patient(task_handle task)
{
	OWN(task_handle, mine) = task;
	struct task_exit exit;

	while (task_join(&mine, clock_now_ns() + NS_PER_MS, &exit) != 0)
		if (task_kill(task_handle_id(&mine)) < 0)
			break;
	return 0;
}
