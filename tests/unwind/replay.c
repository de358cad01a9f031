/* SPDX-License-Identifier: MIT */
/*
 * Runs the fuzz target without libFuzzer, the same way each time.
 *
 * usage: replay SEED MUTATIONS
 *
 * MUTATIONS changed copies each of the image of image.c and of the beginning
 * of this program's own .eh_frame, by a generator that SEED determines.
 * Speaks TAP; a crash is the failure.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "module.h"

#define SAMPLE_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t random_state;

/* xorshift64*: Vigna, An experimental exploration of Marsaglia's xorshift generators, 2014. */
static uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

static uint64_t random_below(uint64_t limit)
{
	return (random_next() >> 32) % limit;
}

/* In place; returns the new size, at most the old one. */
static size_t mutate(uint8_t *bytes, size_t size)
{
	static const uint64_t edges[] = { 0,	1,    2,    3,		4,	    7,	       8,
					  0x0a, 0x0b, 0x0f, 0x10,	0x16,	    0x3f,      0x40,
					  0x7f, 0x80, 0xff, 0x7fffffff, 0xffffffff, UINT64_MAX };
	static const size_t widths[] = { 1, 1, 1, 2, 4, 8 };
	size_t width = widths[random_below(6)], at = random_below(size), from, length;
	uint64_t value = edges[random_below(sizeof(edges) / sizeof(edges[0]))];

	switch (random_below(8)) {
	case 0:
		return 2 + random_below(size - 2);
	case 1:
	case 2:
		bytes[at] ^= (uint8_t)(1u << random_below(8));
		return size;
	case 3:
		bytes[at] = (uint8_t)random_next();
		return size;
	case 4:
		from = random_below(size);
		length = 1 + random_below(16);
		if (length <= size - at && length <= size - from)
			memmove(bytes + at, bytes + from, length);
		return size;
	default:
		if (width <= size - at)
			memcpy(bytes + at, &value, width);
		return size;
	}
}

static void replay(const char *name, int number, const uint8_t *good, size_t size,
		   unsigned long count)
{
	uint8_t copy[2 + SAMPLE_MAX];

	LLVMFuzzerTestOneInput(good, size);
	for (unsigned long i = 0; i < count; i++) {
		size_t changed = size;

		memcpy(copy, good, size);
		for (uint64_t more = 1 + random_below(3); more > 0 && changed > 2; more--)
			changed = mutate(copy, changed);
		LLVMFuzzerTestOneInput(copy, changed);
	}
	printf("ok %d - the unwinder survives %lu mutations of %s\n", number, count, name);
}

/* Whole records of the .eh_frame, at most SAMPLE_MAX bytes. */
static size_t sample_size(const uint8_t *eh_frame, size_t size)
{
	size_t at = 0;
	uint32_t length;

	for (;;) {
		memcpy(&length, eh_frame + at, sizeof(length));
		if (length == 0 || at + 4 + length > SAMPLE_MAX || at + 4 + length > size)
			return at;
		at += 4 + length;
	}
}

int main(int argc, char **argv)
{
	static struct module modules[MODULES_MAX];
	uint8_t seed[2 + SAMPLE_MAX];
	struct image image;
	unsigned long count;
	size_t size;

	if (argc != 3)
		return 2;
	random_state = strtoull(argv[1], NULL, 0);
	count = strtoul(argv[2], NULL, 0);
	printf("1..2\n# seed %s\n", argv[1]);
	image_build(&image);
	seed[0] = IMAGE_EH_FRAME_SIZE;
	seed[1] = 0;
	memcpy(seed + 2, image.bytes, IMAGE_SIZE);
	replay("a small image", 1, seed, 2 + IMAGE_SIZE, count);
	modules_load(modules);
	size = sample_size(modules[0].eh_frame, modules[0].eh_frame_size);
	seed[0] = (uint8_t)size;
	seed[1] = (uint8_t)(size >> 8);
	memcpy(seed + 2, modules[0].eh_frame, size);
	replay("a real .eh_frame", 2, seed, 2 + size, count);
	return 0;
}
