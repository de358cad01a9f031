/* SPDX-License-Identifier: MIT */
/* The ground under linker and namespace (system.h). */
#define _GNU_SOURCE
#include "system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <clew/frame.h>
#include <clew/heap.h>
#include <clew/linker.h>
#include <clew/panic.h>

#include "machine/functions.h"

#define WINDOW 0x200000000000ull
#define ARENA_PAGES (3 * 256ul) /* three pools of the smallest size */

struct block {
	size_t size;
	uint8_t bytes[] __attribute__((aligned(16)));
};

static struct machine_info info = { .name = "test", .window = WINDOW, .memory_size = 1ul << 24 };
static unsigned long fail_at, allocations;
static unsigned long n_blocks, n_bytes;
static bool interrupts_on = true;

/* Not Check's assertions: a fuzz target has no tests. */
static _Noreturn void stop(const char *where, const char *what)
{
	fprintf(stderr, "%s: %s\n", where, what);
	abort();
}

static void require(bool holds, const char *what)
{
	if (!holds)
		stop("system", what);
}

/* ---- the machine ----------------------------------------------------------------- */

/* Never called: cells are linked with them and do not run. */
#define NAME(function) #function,
static const char *const machine_names[] = { MACHINE_FUNCTIONS(NAME) };
#define N_NAMES (sizeof(machine_names) / sizeof(machine_names[0]))
static struct machine_symbol symbols[N_NAMES];

const struct machine_info *machine_info(void)
{
	return &info;
}

int machine_map(uintptr_t va, size_t pages, enum machine_prot prot)
{
	require(va >= WINDOW && va + pages * PAGE_SIZE <= WINDOW + ARENA_PAGES * PAGE_SIZE,
		"not a page of the arena");
	return 0;
}

void machine_patch(uintptr_t va, const void *bytes, size_t size)
{
	memcpy((void *)va, bytes, size);
}

void machine_patch_fill(uintptr_t va, uint8_t byte, size_t size)
{
	memset((void *)va, byte, size);
}

void machine_image_linked(const struct machine_image *image)
{
	(void)image;
}

void machine_image_freed(uintptr_t text)
{
	(void)text;
}

bool machine_irq_save(void)
{
	bool were_on = interrupts_on;

	interrupts_on = false;
	return were_on;
}

void machine_irq_restore(bool were_on)
{
	require(!interrupts_on, "interrupts are on");
	interrupts_on = were_on;
}

uint64_t machine_clock_ns(void)
{
	return 0;
}

int frame_alloc(size_t count, enum frame_kind kind, frames *ret)
{
	require(count == ARENA_PAGES && kind == FRAME_ARENA, "not the arena");
	*ret = (frames){ WINDOW };
	return 0;
}

void frame_usage(struct frame_usage *ret)
{
	/* A sixteenth would be more than the longest run holds three times. */
	*ret = (struct frame_usage){
		.total = 32 * ARENA_PAGES,
		.free = ARENA_PAGES,
		.largest_free_run = ARENA_PAGES,
	};
}

uintptr_t frame_start(const frames *run)
{
	return run->word;
}

void frames_cleanup(frames *run)
{
	run->word = 0;
}

_Noreturn void panic(const char *what)
{
	stop("panic", what);
}

_Noreturn void panic_assert(const char *expression, const char *file, int line)
{
	(void)line;
	stop(file, expression);
}

_Noreturn void own_overwritten(const char *file, int line)
{
	(void)line;
	stop(file, "an owner was overwritten");
}

/* ---- the heap ------------------------------------------------------------------------ */

void system_fail_allocation(unsigned long k)
{
	fail_at = k;
	allocations = 0;
}

unsigned long system_allocations(void)
{
	return allocations;
}

unsigned long system_blocks(void)
{
	return n_blocks;
}

void *heap_alloc(size_t size)
{
	struct block *block;

	if (size == 0 || ++allocations == fail_at)
		return NULL;
	block = calloc(1, sizeof(*block) + size);
	require(block != NULL, "no memory");
	block->size = size;
	n_blocks++;
	n_bytes += size;
	return block->bytes;
}

void heap_free(void *bytes)
{
	struct block *block;

	if (!bytes)
		return;
	block = (struct block *)((uint8_t *)bytes - offsetof(struct block, bytes));
	n_blocks--;
	n_bytes -= block->size;
	free(block);
}

int heap_block_new(size_t size, heap_block *ret)
{
	void *bytes = heap_alloc(size);

	if (!bytes)
		return size == 0 ? -EINVAL : -ENOMEM;
	ret->word = (uintptr_t)bytes;
	return 0;
}

void heap_block_drop(heap_block block)
{
	heap_free((void *)(uintptr_t)block.word);
}

void heap_block_cleanup(heap_block *place)
{
	heap_block_drop(MOVE(*place));
}

/* ---- start --------------------------------------------------------------------------- */

void *system_read(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	long size;
	void *bytes;

	require(file != NULL, path);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	bytes = aligned_alloc(16, ((size_t)size + 16) / 16 * 16);
	require(bytes != NULL, "no memory");
	require(fread(bytes, 1, (size_t)size, file) == (size_t)size, path);
	fclose(file);
	*ret_size = (size_t)size;
	return bytes;
}

static void read_archive(const char *path)
{
	size_t size;
	void *bytes = system_read(path, &size);

	info.modules[0] = (struct machine_module){ "cells", bytes, size };
	info.n_modules = 1;
}

void system_start(const char *archive_path)
{
	struct diag diag;
	void *at = mmap((void *)WINDOW, ARENA_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	require((uintptr_t)at == WINDOW, "the window is not free");
	for (size_t i = 0; i < N_NAMES; i++)
		symbols[i] = (struct machine_symbol){ machine_names[i], 0x1000 + i * 16 };
	info.symbols = symbols;
	info.n_symbols = N_NAMES;
	read_archive(archive_path);
	require(linker_init(&diag) == 0, diag.what);
}

/* ---- what can be seen ------------------------------------------------------------------- */

static void dump_cell(FILE *to, const struct cell_info *cell)
{
	const namespace_ref ns = { (uintptr_t)cell->ns };
	struct dependency_info dependency;

	(void)ns;
	fprintf(to, "cell %lu %lu %s %u %u %u %u %lu %lu %lx %lx %lx %lx %d\n", cell->id, cell->ns,
		cell->name, cell->version, cell->kind, cell->sections, cell->users, cell->bytes,
		cell->state_bytes, cell->text, cell->constants, cell->data, cell->state,
		cell->current);
	for (size_t i = 0; linker_dependency(namespace_root(), cell->name, i, &dependency) == 0;
	     i++)
		fprintf(to, " %s %s %s %u %u %lx\n", dependency.user, dependency.provider,
			dependency.symbol, dependency.user_version, dependency.kind,
			dependency.slot);
}

static uint64_t hash(const uint64_t *words, size_t count)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < count; i++)
		sum = (sum ^ words[i]) * 0x100000001b3;
	return sum;
}

char *system_dump(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	struct cell_info cell = { .id = 0 };
	struct namespace_info ns = { .id = 0 };
	struct symbol_info symbol;
	struct pool_info pool;

	while (linker_next_cell(cell.id, &cell) == 0)
		dump_cell(to, &cell);
	while (namespace_next(ns.id, &ns) == 0)
		fprintf(to, "namespace %lu %lu %s %u %u\n", ns.id, ns.parent, ns.name, ns.symbols,
			ns.references);
	for (size_t i = 0; linker_symbol_at(namespace_root(), i, &symbol) == 0; i++)
		fprintf(to, "symbol %s %s %lx %u %lx\n", symbol.name, symbol.cell, symbol.address,
			symbol.users, symbol.type_hash);
	for (size_t i = 0; linker_pool(i, &pool) == 0; i++)
		fprintf(to, "pool %s %lu\n", pool.name, pool.used);
	fprintf(to, "contents %lx\n", hash((const uint64_t *)WINDOW, ARENA_PAGES * PAGE_SIZE / 8));
	fprintf(to, "heap %lu blocks %lu bytes\n", n_blocks, n_bytes);
	fprintf(to, "interrupts %d\n", interrupts_on);
	fclose(to);
	return text;
}
