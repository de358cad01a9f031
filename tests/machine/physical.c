/* SPDX-License-Identifier: MIT */
/* Physical memory for readers of boot information, on the host's heap. */
#include "physical.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/pc/boot/boot.h"

#define BLOCKS_MAX 16

struct lent {
	struct lent *next;
	void *bytes;
};

static struct {
	struct {
		uint64_t pa, size;
		uint8_t *bytes;
	} blocks[BLOCKS_MAX];
	size_t n;
	uint64_t pages; /* bit n: some block may have bytes of a page n, n + 64, ... */
	struct lent *lent;
} physical;

static void *copy_of(const void *bytes, size_t size)
{
	void *copy = malloc(size > 0 ? size : 1);

	assert(copy);
	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

void physical_put(uint64_t pa, const void *bytes, size_t size)
{
	assert(physical.n < BLOCKS_MAX);
	physical.blocks[physical.n].pa = pa;
	physical.blocks[physical.n].size = size;
	physical.blocks[physical.n++].bytes = copy_of(bytes, size);
	for (uint64_t page = pa / PAGE_SIZE; page <= (pa + size) / PAGE_SIZE; page++)
		physical.pages |= 1ull << page % 64;
}

void physical_put_hex(uint64_t pa, const char *digits)
{
	size_t size = strlen(digits) / 2;
	uint8_t *bytes = malloc(size);

	assert(bytes);
	for (size_t i = 0; i < size; i++) {
		unsigned int byte;

		if (sscanf(digits + 2 * i, "%2x", &byte) != 1)
			abort();
		bytes[i] = (uint8_t)byte;
	}
	physical_put(pa, bytes, size);
	free(bytes);
}

void physical_put_text(uint64_t pa, const char *text)
{
	physical_put(pa, text, strlen(text) + 1);
}

void physical_clear(void)
{
	while (physical.n > 0)
		free(physical.blocks[--physical.n].bytes);
	physical.pages = 0;
	while (physical.lent) {
		struct lent *lent = physical.lent;

		physical.lent = lent->next;
		free(lent->bytes);
		free(lent);
	}
}

const void *boot_memory(uint64_t pa, uint64_t size)
{
	if (!(physical.pages >> pa / PAGE_SIZE % 64 & 1))
		return NULL; /* whoever searches asks for much */
	for (size_t i = 0; i < physical.n; i++) {
		uint64_t offset = pa - physical.blocks[i].pa;
		struct lent *lent;

		if (offset > physical.blocks[i].size || size > physical.blocks[i].size - offset)
			continue;
		lent = malloc(sizeof(*lent));
		assert(lent);
		lent->bytes = copy_of(physical.blocks[i].bytes + offset, size);
		lent->next = physical.lent;
		physical.lent = lent;
		return lent->bytes;
	}
	return NULL;
}
