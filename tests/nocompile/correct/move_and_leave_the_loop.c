/* SPDX-License-Identifier: MIT */
#include <clew/channel.h>

void first_only(channel_tx tx, int times);
void first_only(channel_tx tx, int times)
{
	OWN(channel_tx, mine) = tx;

	for (int i = 0; i < times; i++) {
		if (i == 3) {
			channel_tx_drop(MOVE(mine));
			break;
		}
	}
}
