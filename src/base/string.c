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

uint64_t string_hash(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash;
}
