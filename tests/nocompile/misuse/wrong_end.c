/* SPDX-License-Identifier: MIT */
/*
 * error: incompatible
 * fixed: return channel_receive(rx, &message, WAIT_NOT);
 */
#include <clew/channel.h>

int give(const channel_rx *rx);
int give(const channel_rx *rx)
{
	char message = 0;

	return channel_send(rx, &message, WAIT_NOT); /* wrong */
}
