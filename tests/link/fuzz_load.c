/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: loads any bytes into a system of cells, as the shell's `load`
 * does.  Whatever is refused has left nothing behind; what is taken can be
 * unloaded, and then has left nothing either.  libFuzzer's interface;
 * tests/elf/replay.c calls it without.  The archive is CLEW_TEST_CELLS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clew/linker.h>

#include "system.h"

#define LOOK_CLOSELY 64 /* every so many inputs the whole dump is compared */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *before;
static unsigned long blocks, count, loaded;

static void require(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "input %lu: %s\n", count, what);
	abort();
}

static void report(void)
{
	printf("# of %lu inputs %lu were loaded and unloaded\n", count, loaded);
}

static void begin(void)
{
	struct diag diag;

	atexit(report);
	system_start(getenv("CLEW_TEST_CELLS"));
	require(linker_load(namespace_root(), "captain", &diag) == 0, diag.what);
	before = system_dump();
	blocks = system_blocks();
}

static void look(void)
{
	char *after;

	require(system_blocks() == blocks, "blocks of the heap are left");
	if (count % LOOK_CLOSELY != 0)
		return;
	after = system_dump();
	require(strcmp(before, after) == 0, "something is left");
	free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *bytes = malloc(size > 0 ? size : 1);
	struct diag diag = { .offset = 0 };
	char name[CELL_NAME_MAX];
	int r;

	require(bytes != NULL, "memory");
	if (!before)
		begin();
	count++;
	memcpy(bytes, data, size);
	r = linker_load_object(namespace_root(), "fuzz.o", bytes, size, name, &diag);
	loaded += r == 0;
	if (r == 0)
		require(linker_unload(namespace_root(), name, &diag) == 0, diag.what);
	else
		require(r < 0 && diag.what[0], "a refusal without words");
	free(bytes);
	look();
	return 0;
}
