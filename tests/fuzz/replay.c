/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without libFuzzer, the same way each time.
 *
 * usage: replay SEED MUTATIONS PATH...
 *
 * Every PATH (a file, or a folder of files) as it is; then MUTATIONS changed
 * copies of them, by a generator that SEED determines.  Speaks TAP; a crash
 * is the failure.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUTS_MAX 4096

static struct input {
	uint8_t *bytes;
	size_t size;
} inputs[INPUTS_MAX];
static size_t n_inputs;
static uint64_t random_state;

/* xorshift64*: Vigna, An experimental exploration of Marsaglia's xorshift generators, 2014. */
static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dull >> 16) % limit;
}

/* ---- inputs ---------------------------------------------------------------------- */

static void read_input(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct input *input = &inputs[n_inputs++];
	long size;

	FUZZ_REQUIRE(file != NULL && n_inputs < INPUTS_MAX);
	FUZZ_REQUIRE(fseek(file, 0, SEEK_END) == 0);
	size = ftell(file);
	rewind(file);
	input->size = (size_t)size;
	input->bytes = malloc(input->size + 1);
	FUZZ_REQUIRE(size >= 0 && input->bytes != NULL);
	FUZZ_REQUIRE(fread(input->bytes, 1, input->size, file) == input->size);
	fclose(file);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of their names, whatever the file system. */
static void read_path(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_visible, alphasort);

	if (n < 0)
		read_input(path);
	for (int i = 0; i < n; i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		read_input(name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

/* ---- mutations ------------------------------------------------------------------- */

/* A value that is likely to be on the edge of something. */
static uint64_t edge_value(size_t size)
{
	static const uint64_t edges[] = { 0,	   1,	       2,	   3,	       7,
					  8,	   0x0a,       0x0d,	   0x1b,       0x20,
					  0x7f,	   0x80,       0xff,	   0x7fff,     0xff00,
					  0xfff1,  0xfff2,     0xffff,	   0x10000,    0x3fffffff,
					  1 << 30, 0x40000001, 0x7fffffff, 0xffffffff, UINT64_MAX };
	uint64_t kind = random_below(3);

	if (kind == 0)
		return edges[random_below(sizeof(edges) / sizeof(edges[0]))];
	if (kind == 1)
		return random_below(size + 64);
	return 0 - random_below(64);
}

static void change_bytes(uint8_t *bytes, size_t size)
{
	static const size_t widths[] = { 1, 1, 2, 4, 4, 8 };
	size_t width = widths[random_below(6)], at = random_below(size);
	uint64_t value = edge_value(size);

	if (random_below(2) == 0) /* fields are aligned in most formats */
		at -= at % width;
	if (width <= size - at)
		memcpy(bytes + at, &value, width);
}

/* In place; returns the new size, at most the old one. */
static size_t mutate(uint8_t *bytes, size_t size)
{
	size_t at = random_below(size), from = random_below(size), length = 1 + random_below(64);

	switch (random_below(12)) {
	case 0:
		return at;
	case 1:
	case 2:
		bytes[at] ^= (uint8_t)(1u << random_below(8));
		return size;
	case 3:
		bytes[at] = (uint8_t)random_below(256);
		return size;
	case 4:
		if (length <= size - at && length <= size - from)
			memmove(bytes + at, bytes + from, length);
		return size;
	case 5: /* some are left out */
		if (length > size - at)
			return size;
		memmove(bytes + at, bytes + at + length, size - at - length);
		return size - length;
	default:
		change_bytes(bytes, size);
		return size;
	}
}

static void run_mutation(const struct input *input)
{
	uint8_t *copy = fuzz_copy(input->bytes, input->size);
	size_t size = input->size;

	for (uint64_t n = 1 + random_below(3); n > 0 && size > 0; n--)
		size = mutate(copy, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* ---- running --------------------------------------------------------------------- */

static int report(int number, int holds, const char *what, unsigned long count)
{
	printf("%sok %d - %s\n# %lu\n", holds ? "" : "not ", number, what, count);
	fflush(stdout);
	return !holds;
}

int main(int argc, char **argv)
{
	unsigned long count;
	int failed;

	if (argc < 4)
		return 2;
	random_state = strtoull(argv[1], NULL, 0);
	count = strtoul(argv[2], NULL, 0);
	printf("1..3\n# seed %s\n", argv[1]);
	for (int i = 3; i < argc; i++)
		read_path(argv[i]);
	for (size_t i = 0; i < n_inputs; i++)
		LLVMFuzzerTestOneInput(inputs[i].bytes, inputs[i].size);
	failed = report(1, n_inputs > 0, "every file of the corpus is survived", n_inputs);
	failed |= report(2, fuzz_accepted > 0, "some of them are good", fuzz_accepted);
	for (unsigned long i = 0; i < count && n_inputs > 0; i++)
		run_mutation(&inputs[i % n_inputs]);
	report(3, 1, "every changed copy is survived", count);
	for (size_t i = 0; i < n_inputs; i++)
		free(inputs[i].bytes);
	return failed;
}
