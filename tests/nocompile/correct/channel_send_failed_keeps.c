/* SPDX-License-Identifier: MIT */
#include <clew/channel.h>
#include <clew/heap.h>

CHANNEL(block, heap_block);

int give(const channel_tx *tx, heap_block block);
int give(const channel_tx *tx, heap_block block)
{
	OWN(heap_block, mine) = block;
	int r = block_send(tx, &mine, WAIT_NOT);

	if (r != 0)
		return *(char *)heap_block_at(&mine);
	return 0;
}
