/* SPDX-License-Identifier: MIT */
/*
 * The memory functions that gcc calls in freestanding code; every cell links
 * its own.  rep movs and rep stos are fast on every CPU since ERMS, but slow
 * to start, so what is short is copied by words.  A fault in any of them
 * unwinds to the caller like any other.
 */
#include "base/string.h"

#define SHORT_MAX 512 /* bytes; a rep instruction takes some 30 cycles to start */

/* What is read and written at once, at any address and whatever it is part of. */
typedef uint16_t word2 __attribute__((aligned(1), may_alias));
typedef uint32_t word4 __attribute__((aligned(1), may_alias));
typedef uint64_t word8 __attribute__((aligned(1), may_alias));
typedef uint64_t word16 __attribute__((vector_size(16), aligned(1), may_alias));

/* Two words that may overlap, read before either is written. */
#define COPY_TWO(word, to, from, size) \
	({ \
		uint8_t *to_ = (to); \
		const uint8_t *from_ = (from); \
		word first_ = *(const word *)from_; \
		word last_ = *(const word *)(from_ + (size) - sizeof(word)); \
\
		*(word *)to_ = first_; \
		*(word *)(to_ + (size) - sizeof(word)) = last_; \
	})

static void copy_tiny(uint8_t *to, const uint8_t *from, size_t size)
{
	if (size >= 16)
		COPY_TWO(word16, to, from, size);
	else if (size >= 8)
		COPY_TWO(word8, to, from, size);
	else if (size >= 4)
		COPY_TWO(word4, to, from, size);
	else if (size >= 2)
		COPY_TWO(word2, to, from, size);
	else if (size == 1)
		*to = *from;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	const uint8_t *in = from;
	uint8_t *out = to;
	void *at = to;

	if (size <= 32) {
		copy_tiny(out, in, size);
	} else if (size <= SHORT_MAX) {
		for (size_t i = 0; i < size - 32; i += 32) {
			*(word16 *)(out + i) = *(const word16 *)(in + i);
			*(word16 *)(out + i + 16) = *(const word16 *)(in + i + 16);
		}
		*(word16 *)(out + size - 32) = *(const word16 *)(in + size - 32);
		*(word16 *)(out + size - 16) = *(const word16 *)(in + size - 16);
	} else {
		__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
	}
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	if ((uintptr_t)to - (uintptr_t)from >= size) {
		void *at = to;

		/* Downwards, byte by byte: the ranges may overlap. */
		__asm__ volatile("rep movsb" : "+D"(at), "+S"(in), "+c"(size) : : "memory");
		return to;
	}
	while (size-- > 0)
		out[size] = in[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	uint64_t eight = (uint8_t)byte * 0x0101010101010101ull;
	word16 word = { eight, eight };
	uint8_t *out = to;
	void *at = to;

	if (size > SHORT_MAX) {
		__asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
	} else if (size >= 16) {
		for (size_t i = 0; i < size - 16; i += 16)
			*(word16 *)(out + i) = word;
		*(word16 *)(out + size - 16) = word;
	} else {
		for (size_t i = 0; i < size; i++)
			out[i] = (uint8_t)byte;
	}
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
