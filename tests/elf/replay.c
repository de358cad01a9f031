/* SPDX-License-Identifier: MIT */
/*
 * Runs the fuzz target without libFuzzer, the same way each time.
 *
 * usage: replay SEED MUTATIONS GOOD.o PATH...
 *
 * Every PATH (a file, or a folder of files) as it is; then MUTATIONS changed
 * copies of GOOD.o, by a generator that SEED determines.  Speaks TAP; a crash
 * is the failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

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
	return random_next() % limit;
}

static int replay_file(const char *path)
{
	size_t size;
	unsigned char *bytes = file_read(path, &size);

	if (!bytes)
		return -1;
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	return 1;
}

/* How many files were replayed, -1: none could be. */
static int replay_path(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (!folder)
		return replay_file(path);
	while ((entry = readdir(folder)) != NULL) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (replay_file(name) < 0)
			fprintf(stderr, "%s: cannot be read\n", name);
		else
			count++;
	}
	closedir(folder);
	return count > 0 ? count : -1;
}

/* A value that is likely to be on the edge of something. */
static uint64_t edge_value(size_t size)
{
	static const uint64_t edges[] = { 0,	      1,	  2,	      3,
					  7,	      8,	  0x7f,	      0xff,
					  0x7fff,     0xff00,	  0xfff1,     0xfff2,
					  0xffff,     0x10000,	  0x3fffffff, 0x40000000,
					  0x40000001, 0x7fffffff, 0xffffffff, UINT64_MAX };
	uint64_t kind = random_below(3);

	if (kind == 0)
		return edges[random_below(sizeof(edges) / sizeof(edges[0]))];
	if (kind == 1)
		return random_below(size + 64);
	return 0 - random_below(64);
}

static uint64_t read_word(const unsigned char *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* A place in the file; half of them in the header or the section table. */
static size_t mutated_place(const unsigned char *bytes, size_t size)
{
	uint64_t kind = random_below(4), table = read_word(bytes + 40);

	if (kind == 0)
		return random_below(64);
	if (kind == 1 && table < size)
		return table + random_below(size - table);
	return random_below(size);
}

/* In place; returns the new size, at most the old one. */
static size_t mutate(unsigned char *bytes, size_t size)
{
	static const size_t widths[] = { 1, 2, 4, 4, 8, 8 };
	size_t width = widths[random_below(6)], at = mutated_place(bytes, size);
	uint64_t kind = random_below(16), value = edge_value(size);
	size_t from = random_below(size), length;

	if (kind == 0)
		return 64 + random_below(size - 64);
	if (kind < 4) {
		bytes[at] ^= (unsigned char)(1u << random_below(8));
		return size;
	}
	if (kind == 4) {
		length = 1 + random_below(64);
		if (length <= size - at && length <= size - from)
			memmove(bytes + at, bytes + from, length);
		return size;
	}
	at -= at % width;
	if (at + width <= size)
		memcpy(bytes + at, &value, width);
	return size;
}

static int replay_mutations(const char *good, unsigned long count)
{
	size_t size, changed;
	unsigned char *bytes = file_read(good, &size), *copy;

	if (!bytes || size <= 64)
		return -1;
	copy = malloc(size);
	if (!copy)
		return -1;
	for (unsigned long i = 0; i < count; i++) {
		memcpy(copy, bytes, size);
		changed = mutate(copy, size);
		for (uint64_t more = random_below(3); more > 0 && changed > 64; more--)
			changed = mutate(copy, changed);
		LLVMFuzzerTestOneInput(copy, changed);
	}
	free(copy);
	free(bytes);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;
	unsigned long count;

	if (argc < 5)
		return 2;
	random_state = strtoull(argv[1], NULL, 0);
	count = strtoul(argv[2], NULL, 0);
	printf("1..%d\n# seed %s\n", argc - 3, argv[1]);
	for (int i = 4; i < argc; i++) {
		int replayed = replay_path(argv[i]);

		failed |= replayed < 0;
		printf("%s %d - the reader survives the %d files of %s\n",
		       replayed < 0 ? "not ok" : "ok", i - 3, replayed, argv[i]);
	}
	if (replay_mutations(argv[3], count) < 0) {
		failed = 1;
		printf("not ");
	}
	printf("ok %d - the reader survives %lu mutations of %s\n", argc - 3, count, argv[3]);
	return failed;
}
