/* SPDX-License-Identifier: MIT */
/* Text functions of string.h; memory functions are in memory.c.  Freestanding. */
#include "base/string.h"

size_t string_length(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

size_t string_length_max(const char *text, size_t max)
{
	size_t n = 0;

	while (n < max && text[n])
		n++;
	return n;
}

int string_compare(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

bool string_equal(const char *a, const char *b)
{
	return string_compare(a, b) == 0;
}

bool string_starts(const char *text, const char *prefix)
{
	while (*prefix) {
		if (*text++ != *prefix++)
			return false;
	}
	return true;
}

bool string_ends(const char *text, const char *suffix)
{
	size_t n = string_length(text), m = string_length(suffix);

	return m <= n && string_equal(text + n - m, suffix);
}

bool string_copy(char *to, size_t size, const char *from)
{
	size_t n = 0;

	if (size == 0)
		return false;
	for (; n < size - 1 && from[n]; n++)
		to[n] = from[n];
	to[n] = 0;
	return from[n] == 0;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

bool string_to_u64(const char *text, uint64_t *ret)
{
	unsigned int base = 10;
	uint64_t value = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)digit_value(*text);

		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret = value;
	return true;
}

/* ---- by words ------------------------------------------------------------- */

#define LOW_BITS 0x0101010101010101ull
#define HIGH_BITS 0x8080808080808080ull
#define HASH_SEED 0xcbf29ce484222325ull
#define HASH_FACTOR 0x9e3779b97f4a7c15ull

static inline uint64_t load_word(const char *at)
{
	uint64_t word;

	__builtin_memcpy(&word, at, sizeof(word));
	return word;
}

/* A bit in the first byte that is zero, and none before it; 0: no byte is. */
static inline uint64_t find_zero(uint64_t word)
{
	return (word - LOW_BITS) & ~word & HIGH_BITS;
}

static inline uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * HASH_FACTOR;
	return hash ^ hash >> 29;
}

/* Of eight bytes at a time, the last filled up with zeros. */
uint64_t string_hash(const char *text)
{
	uint64_t hash = HASH_SEED, word = 0;
	unsigned int shift = 0;

	for (; *text; text++) {
		word |= (uint64_t)(unsigned char)*text << shift;
		shift += 8;
		if (shift < 64)
			continue;
		hash = mix(hash, word);
		word = 0;
		shift = 0;
	}
	return shift > 0 ? mix(hash, word) : hash;
}

uint64_t string_hash_within(const char *text, size_t room, size_t *ret_length)
{
	uint64_t hash = HASH_SEED, word = 0, zero = 0;
	const char *at = text;
	unsigned int n = 0;

	for (; room >= 8; room -= 8) {
		word = load_word(at);
		zero = find_zero(word);
		if (zero)
			break;
		hash = mix(hash, word);
		at += 8;
	}
	if (zero) {
		n = (unsigned int)__builtin_ctzll(zero) / 8;
		word &= (1ull << (8 * n)) - 1;
	} else {
		for (word = 0; at[n]; n++)
			word |= (uint64_t)(unsigned char)at[n] << (8 * n);
	}
	*ret_length = (size_t)(at - text) + n;
	return n > 0 ? mix(hash, word) : hash;
}

size_t string_length_within(const char *text, size_t room)
{
	const char *at = text;

	for (; room >= 8; room -= 8, at += 8) {
		uint64_t zero = find_zero(load_word(at));

		if (zero)
			return (size_t)(at - text) + (size_t)__builtin_ctzll(zero) / 8;
	}
	return (size_t)(at - text) + string_length(at);
}
