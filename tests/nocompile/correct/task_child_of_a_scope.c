/* SPDX-License-Identifier: MIT */
#include <clew/child.h>

static int work(uint64_t number)
{
	return (int)number;
}
TASK_ENTRY_PLAIN(work, uint64_t);

int run(uint64_t number);
int run(uint64_t number)
{
	OWN(task_handle, handle) = OWNER_EMPTY;
	int r = TASK_SPAWN(work, &number, NULL, &handle);

	if (r < 0)
		return r;
	OWN(task_child, child) = task_child_of(MOVE(handle));
	return task_child_id(&child) != 0;
}
