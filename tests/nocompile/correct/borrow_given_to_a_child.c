/* SPDX-License-Identifier: MIT */
/* The task ends before what it borrows does. */
#include <clew/channel.h>
#include <clew/child.h>

struct work {
	const channel_rx *rx;
};

static int run(struct work work)
{
	return work.rx != NULL;
}
TASK_ENTRY_PLAIN(run, struct work);

int start(channel_rx *from);
int start(channel_rx *from)
{
	OWN(channel_rx, rx) = MOVE(*from);
	OWN(task_handle, handle) = OWNER_EMPTY;
	OWN(task_child, child) = OWNER_EMPTY;
	struct work work = { &rx };

	if (TASK_SPAWN(run, &work, NULL, &handle) != 0)
		return 1;
	PUT(child, task_child_of(MOVE(handle)));
	return 0;
}
