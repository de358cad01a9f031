/* SPDX-License-Identifier: MIT */
/*
 * The memory functions that gcc calls in freestanding code; every cell links
 * its own.  rep movs and rep stos are fast on every CPU since ERMS, and a
 * fault inside them unwinds to the caller like any other.
 */
#include "base/string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	if ((uintptr_t)to - (uintptr_t)from >= size)
		return memcpy(to, from, size);
	while (size-- > 0)
		out[size] = in[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *p = a, *q = b;

	for (; size > 0; size--, p++, q++) {
		if (*p != *q)
			return *p - *q;
	}
	return 0;
}
