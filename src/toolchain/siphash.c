/* SPDX-License-Identifier: MIT */
/* SipHash-2-4; see siphash.h.  Little-endian hosts only. */
#include "siphash.h"

#include <string.h>

/* Any change of the canonical spelling of types changes this key too. */
static const uint8_t type_key[16] = "clew type hash 1";

struct lanes {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static void rounds(struct lanes *lanes, unsigned int count)
{
	while (count--) {
		lanes->v0 += lanes->v1;
		lanes->v1 = rotate(lanes->v1, 13) ^ lanes->v0;
		lanes->v0 = rotate(lanes->v0, 32);
		lanes->v2 += lanes->v3;
		lanes->v3 = rotate(lanes->v3, 16) ^ lanes->v2;
		lanes->v0 += lanes->v3;
		lanes->v3 = rotate(lanes->v3, 21) ^ lanes->v0;
		lanes->v2 += lanes->v1;
		lanes->v1 = rotate(lanes->v1, 17) ^ lanes->v2;
		lanes->v2 = rotate(lanes->v2, 32);
	}
}

static void absorb(struct lanes *lanes, uint64_t word)
{
	lanes->v3 ^= word;
	rounds(lanes, 2);
	lanes->v0 ^= word;
}

uint64_t siphash(const uint8_t key[16], const void *bytes, size_t size)
{
	uint64_t k0, k1, word, tail = (uint64_t)size << 56;
	struct lanes lanes;

	memcpy(&k0, key, 8);
	memcpy(&k1, key + 8, 8);
	lanes = (struct lanes){
		.v0 = k0 ^ 0x736f6d6570736575,
		.v1 = k1 ^ 0x646f72616e646f6d,
		.v2 = k0 ^ 0x6c7967656e657261,
		.v3 = k1 ^ 0x7465646279746573,
	};
	for (size_t at = 0; at + 8 <= size; at += 8) {
		memcpy(&word, (const uint8_t *)bytes + at, 8);
		absorb(&lanes, word);
	}
	for (size_t i = 0; i < size % 8; i++)
		tail |= (uint64_t)((const uint8_t *)bytes)[size - size % 8 + i] << (8 * i);
	absorb(&lanes, tail);
	lanes.v2 ^= 0xff;
	rounds(&lanes, 4);
	return lanes.v0 ^ lanes.v1 ^ lanes.v2 ^ lanes.v3;
}

uint64_t type_text_hash(const char *text)
{
	uint64_t hash = siphash(type_key, text, strlen(text));

	return hash ? hash : 1;
}
