/* SPDX-License-Identifier: MIT */
/*
 * error: handed to another task
 * fixed: struct work work = { NULL };
 */
#include <clew/channel.h>
#include <clew/task.h>

struct work {
	const channel_rx *rx;
};

static int run(struct work work)
{
	return work.rx != NULL;
}
TASK_ENTRY_PLAIN(run, struct work);

int start(channel_rx *from, task_handle *ret);
int start(channel_rx *from, task_handle *ret)
{
	OWN(channel_rx, rx) = MOVE(*from);
	struct work work = { &rx }; /* wrong */

	return TASK_SPAWN(run, &work, NULL, ret);
}
