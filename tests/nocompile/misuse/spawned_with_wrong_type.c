/* SPDX-License-Identifier: MIT */
/*
 * error: incompatible
 * fixed: int r = TASK_SPAWN(run, rx, NULL, ret);
 */
#include <clew/channel.h>
#include <clew/task.h>

static int run(channel_rx rx)
{
	OWN(channel_rx, mine) = rx;

	return IS_EMPTY(mine);
}
TASK_ENTRY(run, channel_rx);

int start(channel_tx *tx, channel_rx *rx, task_handle *ret);
int start(channel_tx *tx, channel_rx *rx, task_handle *ret)
{
	int r = TASK_SPAWN(run, tx, NULL, ret); /* wrong */

	return tx == NULL ? 1 : rx == NULL ? 2 : r;
}
