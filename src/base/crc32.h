/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 of IEEE 802.3, as gzip and zlib use it: polynomial 0x04c11db7,
 * reflected (0xedb88320), start and final value inverted.  Detects damage on
 * the line, not intent.  Freestanding, no table, no state.
 */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Continues a checksum: `crc` is that of the bytes before, 0 at the start. */
uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size);

#endif
