/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 of a text under the project's fixed key: the 64-bit hash of
 * types and layouts.  Source: Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF", 2012.  Host only by use, needs nothing.
 */
#ifndef TOOLCHAIN_SIPHASH_H
#define TOOLCHAIN_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint8_t key[16], const void *bytes, size_t size);
/* Under the key of type hashes; never 0, which means unknown. */
uint64_t type_text_hash(const char *text);

#endif
