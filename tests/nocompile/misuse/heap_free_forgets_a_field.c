/* SPDX-License-Identifier: MIT */
/*
 * error: is forgotten where the struct is released
 * fixed: channel_rx_drop(MOVE(record->rx)), heap_free(record);
 */
#include <clew/channel.h>
#include <clew/heap.h>

struct record {
	channel_tx tx;
	channel_rx rx;
};

void record_end(struct record *record);
void record_end(struct record *record)
{
	channel_tx_drop(MOVE(record->tx));
	heap_free(record); /* wrong */
}
