/* SPDX-License-Identifier: MIT */
#include <clew/channel.h>

void both(const channel_tx *tx, channel_tx *ret_a, channel_tx *ret_b);
void both(const channel_tx *tx, channel_tx *ret_a, channel_tx *ret_b)
{
	PUT(*ret_a, channel_tx_ref(tx));
	PUT(*ret_b, channel_tx_ref(tx));
}
