/* SPDX-License-Identifier: MIT */
/*
 * error: forged by a cast
 * fixed: (void)bytes;
 */
#include <clew/channel.h>

void shut(void *bytes);
void shut(void *bytes)
{
	channel_close((const channel_tx *)bytes); /* wrong */
}
