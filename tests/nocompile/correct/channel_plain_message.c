/* SPDX-License-Identifier: MIT */
#include <clew/channel.h>

int count(const channel_rx *rx);
int count(const channel_rx *rx)
{
	uint64_t message;
	int n = 0;

	while (channel_receive(rx, &message, WAIT_NOT) == 0)
		n += message != 0;
	return n;
}
