/* SPDX-License-Identifier: MIT */
/*
 * error: handed over as bytes
 * fixed: return channel_send(tx, heap_block_at(&mine), WAIT_FOREVER);
 */
#include <clew/channel.h>
#include <clew/heap.h>

int give(const channel_tx *tx, heap_block block);
int give(const channel_tx *tx, heap_block block)
{
	OWN(heap_block, mine) = block;

	return channel_send(tx, &mine, WAIT_FOREVER); /* wrong */
}
