/* SPDX-License-Identifier: MIT */
#include <clew/channel.h>

void turn(channel_tx *place);
void turn(channel_tx *place)
{
	OWN(channel_tx, mine) = MOVE(*place);

	PUT(*place, MOVE(mine));
}
