/* SPDX-License-Identifier: MIT */
#include <clew/task.h>

static int work(uint64_t number)
{
	return (int)number;
}
TASK_ENTRY_PLAIN(work, uint64_t);

int run(uint64_t number);
int run(uint64_t number)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	struct task_exit exit;
	int r = TASK_SPAWN(work, &number, NULL, &task);

	if (r < 0)
		return r;
	r = task_join(&task, WAIT_FOREVER, &exit);
	return r == 0 ? exit.value : r;
}
