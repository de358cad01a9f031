/* SPDX-License-Identifier: MIT */
/* See fuzz.h. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned long fuzz_accepted;

static volatile uint64_t sink;

_Noreturn void fuzz_fail(const char *property, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, property);
	abort();
}

void *fuzz_copy(const void *data, size_t size)
{
	void *copy = malloc(size);

	FUZZ_REQUIRE(copy != NULL || size == 0);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

void fuzz_touch(const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	uint64_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += byte[i];
	sink += sum;
}

const uint8_t *fuzz_bytes(struct fuzz_input *input, size_t size, size_t *ret_size)
{
	const uint8_t *at = input->at;

	*ret_size = size < input->left ? size : input->left;
	input->at += *ret_size;
	input->left -= *ret_size;
	return at;
}

uint8_t fuzz_byte(struct fuzz_input *input)
{
	size_t size;
	const uint8_t *at = fuzz_bytes(input, 1, &size);

	return size > 0 ? *at : 0;
}

uint32_t fuzz_u32(struct fuzz_input *input)
{
	uint32_t value = 0;

	for (int shift = 0; shift < 32; shift += 8)
		value |= (uint32_t)fuzz_byte(input) << shift;
	return value;
}
