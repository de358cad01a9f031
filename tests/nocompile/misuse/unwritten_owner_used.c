/* SPDX-License-Identifier: MIT */
/*
 * error: used while it is empty
 * fixed:
 */
#include <clew/channel.h>

void shut(void);
void shut(void)
{
	OWN(channel_tx, tx) = OWNER_EMPTY;

	channel_close(&tx); /* wrong */
}
