/* SPDX-License-Identifier: MIT */
/*
 * Loads copies of one object under many names, and unloads what was loaded.
 * Nothing runs in these cells when they go.
 */
#include "tenants.h"

#include <clew/diag.h>
#include <clew/heap.h>
#include <clew/linker.h>
#include <clew/namespace.h>
#include <clew/panic.h>
#include <clew/swap.h>

#include "base/format.h"
#include "base/string.h"

OWN_IMPLEMENTS(lodger, "the word is the name to unload");
OWN_IMPLEMENTS(fillers, "the word counts what to unload");

#define TEMPLATE "filler_0000"
#define DIGITS_AT 7
#define NAME_BYTES sizeof(TEMPLATE)

static void unload(const char *name)
{
	struct diag diag;

	/* Held by something: it goes when that goes. */
	if (linker_unload(namespace_root(), name, &diag) < 0 &&
	    swap_dismiss(namespace_root(), name, &diag) < 0)
		return;
}

void lodger_cleanup(lodger *place)
{
	const char *name = (const char *)(uintptr_t)place->word;

	place->word = 0;
	if (name)
		unload(name);
}

static void name_of(uint32_t i, char ret[NAME_BYTES])
{
	format_text(ret, NAME_BYTES, "filler_%04u", i);
}

void fillers_cleanup(fillers *place)
{
	uint64_t n = place->word;
	char name[NAME_BYTES];

	place->word = 0;
	if (n == 0)
		return;
	while (--n > 0) {
		name_of((uint32_t)n - 1, name);
		unload(name);
	}
	unload("hub");
}

static void write_name(char *bytes, size_t size, const char *name)
{
	size_t length = NAME_BYTES - 1;

	for (size_t i = 0; i + length <= size; i++) {
		if (bytes[i] == 'f' && memcmp(bytes + i, TEMPLATE, length) == 0)
			memcpy(bytes + i + DIGITS_AT, name + DIGITS_AT, length - DIGITS_AT);
	}
}

static int load_filler(uint32_t i, const void *bytes, size_t size)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	char name[NAME_BYTES], loaded[CELL_NAME_MAX];
	struct diag diag;
	int r = heap_block_new(size, &block);

	if (r < 0)
		return r;
	name_of(i, name);
	memcpy(heap_block_at(&block), bytes, size);
	write_name(heap_block_at(&block), size, name);
	r = linker_load_object(namespace_root(), name, heap_block_at(&block), size, loaded, &diag);
	assert(r < 0 || string_equal(loaded, name));
	return r;
}

int fillers_load(uint32_t n, fillers *ret)
{
	OWN(fillers, loaded) = OWNER_EMPTY;
	struct diag diag;
	const void *bytes;
	size_t size;
	int r = linker_archive_find("filler.o", &bytes, &size);

	if (r == 0)
		r = linker_load(namespace_root(), "hub", &diag);
	if (r < 0)
		return r;
	loaded.word = 1;
	for (uint32_t i = 0; i < n; i++) {
		r = load_filler(i, bytes, size);
		if (r < 0)
			return r;
		loaded.word++;
	}
	PUT(*ret, MOVE(loaded));
	return 0;
}

uint32_t fillers_ask(uint32_t i)
{
	char symbol[NAME_BYTES + 8];
	uintptr_t address;

	format_text(symbol, sizeof(symbol), "filler_%04u_version", i);
	if (linker_symbol(namespace_root(), symbol, &address) < 0)
		return 0;
	return ((uint32_t(*)(void))address)();
}
