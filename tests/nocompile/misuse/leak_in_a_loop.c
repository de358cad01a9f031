/* SPDX-License-Identifier: MIT */
/*
 * error: leaks
 * fixed: OWN(channel_rx, mine) = channel_rx_ref(rx);
 */
#include <clew/channel.h>

void listen(const channel_rx *rx, int times);
void listen(const channel_rx *rx, int times)
{
	for (int i = 0; i < times; i++) {
		channel_rx mine = channel_rx_ref(rx); /* wrong */
		(void)mine;
	}
}
