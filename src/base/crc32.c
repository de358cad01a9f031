/* SPDX-License-Identifier: MIT */
/*
 * CRC-32, four bits at a time: 16 words of constants instead of 256, since
 * the requests on a control line are small.
 */
#include "base/crc32.h"

/* crc32_nibble[n]: n shifted out four times through 0xedb88320. */
static const uint32_t crc32_nibble[16] = {
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
	0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
	0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= at[i];
		crc = crc >> 4 ^ crc32_nibble[crc & 15];
		crc = crc >> 4 ^ crc32_nibble[crc & 15];
	}
	return ~crc;
}
