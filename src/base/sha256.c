/* SPDX-License-Identifier: MIT */
/* SHA-256, FIPS 180-4: sections 4.1.2, 4.2.2, 5.1.1, 5.3.3 and 6.2.2.  Freestanding. */
#include "base/sha256.h"

#include "base/string.h"

#define BLOCK 64
#define ROUNDS 64
#define LENGTH_AT (BLOCK - 8)

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constants[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

/* Likewise of the square roots of the first eight. */
static const uint32_t initial[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t get_word(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static void put_word(uint8_t *to, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(word >> (24 - 8 * i));
}

static void schedule(const uint8_t *block, uint32_t w[ROUNDS])
{
	for (int t = 0; t < 16; t++)
		w[t] = get_word(block + (size_t)t * 4);
	for (int t = 16; t < ROUNDS; t++) {
		uint32_t a = w[t - 15], b = w[t - 2];

		w[t] = (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10) + w[t - 7] +
		       (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[t - 16];
	}
}

static void add_block(uint32_t hash[8], const uint8_t *block)
{
	uint32_t w[ROUNDS], v[8]; /* a to h */

	schedule(block, w);
	memcpy(v, hash, sizeof(v));
	for (int t = 0; t < ROUNDS; t++) {
		uint32_t a = v[0], e = v[4];
		uint32_t t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
			      ((e & v[5]) ^ (~e & v[6])) + round_constants[t] + w[t];
		uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
			      ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		hash[i] += v[i];
}

/* What is left of the message, a one bit, zeroes, and the length in bits. */
static void add_last(uint32_t hash[8], const uint8_t *rest, size_t size, uint64_t bits)
{
	uint8_t block[BLOCK] = { 0 };

	if (size > 0)
		memcpy(block, rest, size);
	block[size] = 0x80;
	if (size >= LENGTH_AT) {
		add_block(hash, block);
		memset(block, 0, sizeof(block));
	}
	put_word(block + LENGTH_AT, (uint32_t)(bits >> 32));
	put_word(block + LENGTH_AT + 4, (uint32_t)bits);
	add_block(hash, block);
}

void sha256(const void *bytes, size_t size, uint8_t ret[SHA256_SIZE])
{
	const uint8_t *at = bytes;
	uint32_t hash[8];
	size_t left = size;

	memcpy(hash, initial, sizeof(hash));
	for (; left >= BLOCK; left -= BLOCK, at += BLOCK)
		add_block(hash, at);
	add_last(hash, at, left, (uint64_t)size * 8);
	for (size_t i = 0; i < 8; i++)
		put_word(ret + i * 4, hash[i]);
}

void sha256_text(const void *bytes, size_t size, char ret[SHA256_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t hash[SHA256_SIZE];

	sha256(bytes, size, hash);
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		ret[2 * i] = digits[hash[i] >> 4];
		ret[2 * i + 1] = digits[hash[i] & 15];
	}
	ret[SHA256_TEXT_SIZE - 1] = 0;
}
