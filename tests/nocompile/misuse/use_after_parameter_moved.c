/* SPDX-License-Identifier: MIT */
/*
 * error: after it was moved or released
 * fixed: OWN(channel_rx, other) = channel_rx_ref(&mine);
 */
#include <clew/channel.h>

void listen(channel_rx rx);
void listen(channel_rx rx)
{
	OWN(channel_rx, mine) = rx;
	OWN(channel_rx, other) = rx; /* wrong */
}
