/* SPDX-License-Identifier: MIT */
/*
 * The whole linker: loads any bytes into a system of cells, as the shell's
 * `load` does.  Whatever is refused has left nothing behind; what is taken can
 * be unloaded, and then has left nothing either but entries, once.  The archive
 * of the system's cells is CLEW_TEST_CELLS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clew/linker.h>

#include "../link/system.h"
#include "fuzz.h"

#define LOOK_CLOSELY \
	64 /* the whole dump is compared so many times, then once in so many inputs \
	    */

static char *before;
static unsigned long blocks, count;
static uint64_t newest; /* id of a cell that was there before */

static void require(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "input %lu: %s\n", count, what);
	abort();
}

static void begin(void)
{
	struct cell_info cell;
	struct diag diag;

	system_start(getenv("CLEW_TEST_CELLS"));
	require(linker_load(namespace_root(), "captain", &diag) == 0, diag.what);
	while (linker_next_cell(newest, &cell) == 0)
		newest = cell.id;
	before = system_dump();
	blocks = system_blocks();
}

/* What it needed and was not there came with it, and stays. */
static void unload_needed(void)
{
	struct cell_info cell = { .id = newest };
	struct diag diag;

	while (linker_next_cell(cell.id, &cell) == 0) {
		if (linker_unload(namespace_root(), cell.name, &diag) == 0)
			cell.id = newest; /* others may have waited for it */
	}
}

static void look_closely(void)
{
	char *after = system_dump();
	size_t same = 0;

	while (before[same] && before[same] == after[same])
		same++;
	if (before[same] != after[same])
		fprintf(stderr, "before: %.200s\nafter: %.200s\n", before + same, after + same);
	require(before[same] == after[same], "something is left");
	free(after);
}

static int load_and_unload(const void *bytes, size_t size)
{
	struct diag diag = { .offset = 0 };
	char name[CELL_NAME_MAX];
	int r = linker_load_object(namespace_root(), "fuzz.o", bytes, size, name, &diag);

	if (r == 0)
		require(linker_unload(namespace_root(), name, &diag) == 0, diag.what);
	else
		require(r < 0 && diag.what[0], "a refusal without words");
	unload_needed();
	return r;
}

/*
 * The entry of a function whose address was taken for the first time stays with its provider.
 * The second time there is nothing to stay.
 */
static void load_again(const void *bytes, size_t size)
{
	blocks = system_blocks();
	load_and_unload(bytes, size);
	require(system_blocks() == blocks, "blocks of the heap are left");
	free(before);
	before = system_dump();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *bytes = fuzz_copy(data, size);
	int r;

	if (!before)
		begin();
	count++;
	r = load_and_unload(bytes, size);
	if (r == 0 && system_blocks() != blocks)
		load_again(bytes, size);
	free(bytes);
	fuzz_accepted += r == 0;
	require(system_blocks() == blocks, "blocks of the heap are left");
	if (count < LOOK_CLOSELY || count % LOOK_CLOSELY == 0)
		look_closely();
	return 0;
}
