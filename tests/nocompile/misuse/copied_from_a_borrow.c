/* SPDX-License-Identifier: MIT */
/*
 * error: is copied
 * fixed: OWN(channel_tx, mine) = channel_tx_ref(tx);
 */
#include <clew/channel.h>

void keep(const channel_tx *tx);
void keep(const channel_tx *tx)
{
	OWN(channel_tx, mine) = *tx; /* wrong */
}
