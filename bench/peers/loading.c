/* SPDX-License-Identifier: MIT */
/*
 * dlopen of the same functions as a shared object, with others loaded beside:
 * loading.c ROUNDS DIRECTORY.  Next to each load_N.so is load_N_symbolic.so, linked with
 * -Bsymbolic; filler.so is copied under as many names as are needed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"

#define DEPTH 10u
#define SUM (DEPTH * (DEPTH + 1) / 2)
#define OTHERS_MAX 1000

static struct samples samples;
static const char *directory;

/* The function NAME_0 adds up as many numbers as it is told. */
static void check_calls(void *object, const char *name)
{
	char symbol[64];
	uint32_t (*function)(uint32_t);

	snprintf(symbol, sizeof(symbol), "%s_0", name);
	*(void **)&function = dlsym(object, symbol);
	assert(function && function(DEPTH) == SUM);
}

static void *open_object(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!object) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return object;
}

static void name_row(char *ret, size_t size, uint32_t n, uint32_t others)
{
	if (others)
		snprintf(ret, size, "load_%u_beside_%u", n, others);
	else
		snprintf(ret, size, "load_%u", n);
}

static void load_many(uint32_t n, uint32_t others, const char *suffix, const char *peer)
{
	char path[PATH_MAX], name[32], row[64];

	snprintf(name, sizeof(name), "load_%u", n);
	snprintf(path, sizeof(path), "%s/%s%s.so", directory, name, suffix);
	if (access(path, R_OK) != 0)
		return;
	for (uint32_t round = 0; round < samples.rounds; round++) {
		uint64_t from = now_ns();
		void *object = open_object(path);

		samples.ns[round] = now_ns() - from;
		check_calls(object, name);
		dlclose(object);
	}
	name_row(row, sizeof(row), n, others);
	report(&samples, 1, row, peer);
}

/* Closing what is loaded and opening another file of the same functions. */
static void swap_many(uint32_t n)
{
	char path[PATH_MAX], name[32], row[32];
	void *object;

	snprintf(name, sizeof(name), "load_%u", n);
	snprintf(path, sizeof(path), "%s/%s.so", directory, name);
	if (access(path, R_OK) != 0)
		return;
	object = open_object(path);
	for (uint32_t round = 0; round < samples.rounds; round++) {
		uint64_t from = now_ns();

		dlclose(object);
		object = open_object(path);
		samples.ns[round] = now_ns() - from;
		check_calls(object, name);
	}
	dlclose(object);
	snprintf(row, sizeof(row), "swap_%u", n);
	report(&samples, 1, row, "dlopen");
}

/* Loaded before, each from a file of its own: the same file would be the same object. */
static void load_others(uint32_t from, uint32_t to)
{
	char path[PATH_MAX];

	for (uint32_t i = from; i < to; i++) {
		snprintf(path, sizeof(path), "%s/others/filler_%04u.so", directory, i);
		open_object(path);
	}
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = { 100, 1000, 10000 }, others[] = { 0, 100, OTHERS_MAX };

	if (argc < 3)
		return 2;
	samples.rounds = rounds_of(argc, argv);
	directory = argv[2];
	swap_many(100);
	swap_many(1000);
	for (size_t i = 0; i < 3; i++) {
		if (i > 0)
			load_others(others[i - 1], others[i]);
		for (size_t k = 0; k < 3; k++) {
			load_many(sizes[k], others[i], "", "dlopen");
			load_many(sizes[k], others[i], "_symbolic", "dlopen_bsymbolic");
		}
	}
	return 0;
}
