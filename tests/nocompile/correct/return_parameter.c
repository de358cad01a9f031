/* SPDX-License-Identifier: MIT */
#include <clew/channel.h>

channel_tx same(channel_tx tx);
channel_tx same(channel_tx tx)
{
	return tx;
}
