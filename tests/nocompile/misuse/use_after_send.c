/* SPDX-License-Identifier: MIT */
/*
 * error: is used after it was moved or released
 * fixed: return 0;
 */
#include <clew/heap.h>

#include <clew/channel.h>

CHANNEL(block, heap_block);

int give(const channel_tx *tx, heap_block block);
int give(const channel_tx *tx, heap_block block)
{
	OWN(heap_block, mine) = block;
	int r = block_send(tx, &mine, WAIT_FOREVER);

	if (r != 0)
		return r;
	return *(char *)heap_block_at(&mine); /* wrong */
}
