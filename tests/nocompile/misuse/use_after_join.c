/* SPDX-License-Identifier: MIT */
/*
 * error: is used after it was moved or released
 * fixed: return exit.value;
 */
#include <clew/task.h>

int wait_twice(task_handle task);
int wait_twice(task_handle task)
{
	OWN(task_handle, mine) = task;
	struct task_exit exit;
	int r = task_join(&mine, WAIT_FOREVER, &exit);

	if (r != 0)
		return r;
	return (int)task_handle_id(&mine); /* wrong */
}
