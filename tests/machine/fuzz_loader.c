/* SPDX-License-Identifier: MIT */
/*
 * Damaged boot information: the readers and the plan survive it.
 *
 * usage: fuzz_loader SEED ROUNDS
 *
 * Each round changes good information of both protocols in a few places, or
 * hands over random bytes, by a generator that SEED determines.  Speaks TAP;
 * a crash is the failure, so it is built with sanitizers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/pc/boot/boot.h"
#include "physical.h"

#define INFO 0x1000
#define SIZE 512
#define LIMIT (64ull << 30)

static uint64_t random_state;

/* xorshift64*: Vigna, An experimental exploration of Marsaglia's xorshift generators, 2014. */
static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull % limit;
}

static void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put_entry(uint8_t *at, uint64_t start, uint64_t size, uint32_t type)
{
	put64(at, start);
	put64(at + 8, size);
	put32(at + 16, type);
}

/* start_info, then a map of 6 entries, two modules, a command line. */
static void build_pvh(uint8_t *bytes)
{
	put32(bytes, 0x336ec578);
	put32(bytes + 4, 1);
	put32(bytes + 12, 2);
	put64(bytes + 16, INFO + 256);
	put64(bytes + 24, INFO + 400);
	put64(bytes + 40, INFO + 64);
	put32(bytes + 48, 6);
	put_entry(bytes + 64, 0, 0x9fc00, 1);
	put_entry(bytes + 88, 0x9fc00, 0x60400, 2);
	put_entry(bytes + 112, 0x100000, 0x3ee0000, 1);
	put_entry(bytes + 136, 0x3fe0000, 0x20000, 3);
	put_entry(bytes + 160, 0xfd00000000, 0x300000000, 2);
	put_entry(bytes + 184, 0x100000000, 0x80000000, 1);
	put64(bytes + 256, 0x3000000);
	put64(bytes + 264, 0x100000);
	put64(bytes + 288, 0x3200000);
	put64(bytes + 296, 0x1234);
	put64(bytes + 304, INFO + 416);
	strcpy((char *)bytes + 400, "seed=7 trace");
	strcpy((char *)bytes + 416, "script");
}

/* A command line, two modules, a map of 4 entries, both root pointers, the end. */
static void build_multiboot2(uint8_t *bytes)
{
	static const uint32_t tags[][3] = { { 8, 1, 21 },   { 32, 3, 22 },   { 56, 3, 23 },
					    { 80, 6, 112 }, { 192, 14, 28 }, { 224, 15, 44 },
					    { 272, 0, 8 } };

	put32(bytes, 280);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		put32(bytes + tags[i][0], tags[i][1]);
		put32(bytes + tags[i][0] + 4, tags[i][2]);
	}
	strcpy((char *)bytes + 16, "seed=7 trace");
	put32(bytes + 40, 0x3000000);
	put32(bytes + 44, 0x3100000);
	strcpy((char *)bytes + 48, "cells");
	put32(bytes + 64, 0x3200000);
	put32(bytes + 68, 0x3201234);
	strcpy((char *)bytes + 72, "script");
	put32(bytes + 88, 24);
	put_entry(bytes + 96, 0, 0x9fc00, 1);
	put_entry(bytes + 120, 0x100000, 0x3ee0000, 1);
	put_entry(bytes + 144, 0x3fe0000, 0x20000, 3);
	put_entry(bytes + 168, 0x100000000, 0x80000000, 1);
}

static uint64_t edge_value(void)
{
	static const uint64_t edges[] = { 0,	      1,    7,	     8,		 16,
					  23,	      24,   4096,    0x7fffffff, 0x80000000,
					  0xffffffff, INFO, 1 << 20, UINT64_MAX };
	uint64_t kind = random_below(4);

	if (kind == 0)
		return edges[random_below(sizeof(edges) / sizeof(edges[0]))];
	if (kind == 1)
		return INFO + random_below(SIZE + 32);
	if (kind == 2)
		return 0 - random_below(1 << 16);
	return random_below(256);
}

static void damage(uint8_t *bytes)
{
	static const size_t widths[] = { 1, 4, 8 };

	for (uint64_t n = random_below(5); n > 0; n--) {
		size_t width = widths[random_below(3)];
		size_t at = random_below(SIZE / width) * width;
		uint64_t value = edge_value();

		memcpy(bytes + at, &value, width);
	}
	if (random_below(16) != 0)
		return;
	for (size_t i = 8; i < SIZE; i++)
		bytes[i] = (uint8_t)random_below(256);
}

/* Whether all of it was accepted. */
static bool run(int is_pvh, const uint8_t *bytes, size_t size)
{
	struct boot_range image = { 0x100000, 0x180000 };
	char error[BOOT_ERROR_MAX] = "";
	struct boot_loader loader;
	struct boot_words words;
	struct boot_plan plan;
	int r;

	physical_put(INFO, bytes, size);
	r = is_pvh ? boot_read_pvh(INFO, &loader, error)
		   : boot_read_multiboot2(INFO, &loader, error);
	physical_clear();
	if (r == 0)
		r = boot_parse_words(loader.words, &words, error);
	if (r == 0)
		r = boot_plan(&loader, image, LIMIT, &plan, error);
	if ((r < 0) != (error[0] != 0) || !memchr(error, 0, sizeof(error)))
		abort(); /* an error without a sentence, or a sentence without an error */
	return r == 0;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "multiboot2", "PVH" };
	unsigned long rounds, accepted;

	if (argc != 3)
		return 2;
	random_state = strtoull(argv[1], NULL, 0);
	rounds = strtoul(argv[2], NULL, 0);
	printf("1..2\n# seed %s\n", argv[1]);
	for (int is_pvh = 0; is_pvh < 2; is_pvh++) {
		accepted = 0;
		for (unsigned long i = 0; i < rounds; i++) {
			uint8_t bytes[SIZE] = { 0 };

			(is_pvh ? build_pvh : build_multiboot2)(bytes);
			damage(bytes);
			accepted += run(is_pvh, bytes, random_below(8) ? SIZE : random_below(SIZE));
		}
		printf("# %lu accepted\n", accepted);
		printf("%sok %d - the boot code survives %lu kinds of damage to %s's information\n",
		       accepted > rounds / 16 && accepted < rounds ? "" : "not ", is_pvh + 1,
		       rounds, names[is_pvh]);
	}
	return 0;
}
