/* SPDX-License-Identifier: MIT */
#include <clew/channel.h>
#include <clew/heap.h>

CHANNEL(block, heap_block);

int pass(void);
int pass(void)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;
	OWN(channel_rx, rx) = OWNER_EMPTY;
	OWN(heap_block, sent) = OWNER_EMPTY;
	OWN(heap_block, received) = OWNER_EMPTY;
	int r = block_channel_new(1, &tx, &rx);

	if (r == 0)
		r = heap_block_new(16, &sent);
	if (r == 0)
		r = block_send(&tx, &sent, WAIT_FOREVER);
	if (r == 0)
		r = block_receive(&rx, &received, WAIT_FOREVER);
	return r;
}
