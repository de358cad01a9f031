/* SPDX-License-Identifier: MIT */
/*
 * error: after it was moved or released
 * fixed: channel_close(&mine);
 */
#include <clew/channel.h>

void close_all(channel_tx tx, int times);
void close_all(channel_tx tx, int times)
{
	OWN(channel_tx, mine) = tx;

	for (int i = 0; i < times; i++)
		channel_tx_drop(MOVE(mine)); /* wrong */
}
