/* SPDX-License-Identifier: MIT */
/*
 * Physical memory of the pc machine: one permission for each page of the
 * window, and a way to write that no permission stops.
 *
 * The page tables of the window are all there from the start, one for each
 * 2 MiB (boot/tables.c), so nothing here allocates or runs out.  A table
 * always holds the permission of each of its pages; the directory's entry
 * either refers to it or, when the whole 2 MiB were set at once, is one large
 * page that says the same.  The physical address stays in an entry that is not
 * present.  Entries of pages that are not the system's have PAGE_LOCKED.
 *
 * Interrupts off; SDM vol. 3, 4.5.
 */
#include "machine/pc/memory.h"

#include "base/string.h"
#include "machine/pc/cpu.h"
#include "machine/pc/end.h"
#include "machine/pc/page.h"
#include "machine/pc/pc.h"
#include "machine/pc/resident.h"

RESIDENT_FILE("writes page tables and read-only pages: a cell that can is bound by no permission")
RESIDENT_OF("base/memory.c", "copies and fills for the functions here")

/* Beyond this many pages all of the TLB goes. */
#define MEMORY_INVALIDATE_MAX 64

static const uint64_t memory_bits[] = {
	[MACHINE_NONE] = 0,
	[MACHINE_R] = PAGE_R,
	[MACHINE_RW] = PAGE_RW,
	[MACHINE_RX] = PAGE_RX,
};

/* The entry of a page, by page number: the tables lie one after the other. */
static uint64_t *memory_entry(uint64_t page)
{
	return (uint64_t *)pc_alias(pc.tables) + page;
}

static uint64_t *memory_directory_entry(uint64_t unit)
{
	return (uint64_t *)pc_alias(pc.directories) + unit;
}

static bool memory_has_range(uintptr_t va, size_t size)
{
	return va >= PC_WINDOW && size <= pc.info.memory_size &&
	       va - PC_WINDOW <= pc.info.memory_size - size;
}

static bool memory_is_open(uint64_t first, uint64_t end)
{
	for (uint64_t page = first; page < end; page++) {
		if (*memory_entry(page) & PAGE_LOCKED)
			return false;
	}
	return true;
}

/* The pages [first, end) of one unit. */
static void memory_set(uint64_t first, uint64_t end, uint64_t bits)
{
	uint64_t unit = first / PAGE_ENTRIES;
	uint64_t entry = (pc.tables + unit * PAGE_SIZE) | PAGE_TABLE;

	for (uint64_t page = first; page < end; page++)
		*memory_entry(page) = page * PAGE_SIZE | bits;
	if (end - first == PAGE_ENTRIES && bits != 0)
		entry = first * PAGE_SIZE | bits | PAGE_LARGE;
	*memory_directory_entry(unit) = entry;
}

static void memory_invalidate(uint64_t first, uint64_t end)
{
	if (end - first > MEMORY_INVALIDATE_MAX) {
		cpu_write_cr3(cpu_read_cr3());
		return;
	}
	for (uint64_t page = first; page < end; page++)
		cpu_invlpg(PC_WINDOW + page * PAGE_SIZE);
}

int memory_map(uintptr_t va, size_t pages, enum machine_prot prot)
{
	uint64_t first, end;

	if (va % PAGE_SIZE || pages == 0 || pages > pc.info.memory_size / PAGE_SIZE ||
	    !memory_has_range(va, pages * PAGE_SIZE) || (unsigned int)prot > MACHINE_RX)
		return -EINVAL;
	first = (va - PC_WINDOW) / PAGE_SIZE;
	end = first + pages;
	if (!memory_is_open(first, end))
		return -EINVAL;
	for (uint64_t at = first, to; at < end; at = to) {
		to = (at / PAGE_ENTRIES + 1) * PAGE_ENTRIES;
		if (to > end)
			to = end;
		memory_set(at, to, memory_bits[prot]);
	}
	memory_invalidate(first, end);
	return 0;
}

void memory_unmap(uintptr_t va, size_t pages)
{
	if (memory_map(va, pages, MACHINE_NONE) < 0)
		end_die("machine_unmap: expected pages of the window, found %lu at 0x%lx", pages,
			va);
}

enum machine_prot memory_prot_at(uintptr_t va)
{
	uint64_t entry;

	if (!memory_has_range(va, 1))
		return MACHINE_NONE;
	entry = *memory_entry((va - PC_WINDOW) / PAGE_SIZE);
	if (!(entry & PAGE_PRESENT))
		return MACHINE_NONE;
	if (!(entry & PAGE_NX))
		return MACHINE_RX;
	return entry & PAGE_WRITABLE ? MACHINE_RW : MACHINE_R;
}

static uint8_t *memory_alias(const char *what, uintptr_t va, size_t size)
{
	uint64_t pa = va - PC_WINDOW;

	if (!memory_has_range(va, size) ||
	    !memory_is_open(pa / PAGE_SIZE, (pa + size + PAGE_SIZE - 1) / PAGE_SIZE))
		end_die("%s: expected a range in the window, found %lu bytes at 0x%lx", what, size,
			va);
	return pc_alias(pa);
}

void memory_patch(uintptr_t va, const void *bytes, size_t size)
{
	uint8_t *to = memory_alias("machine_patch", va, size);
	uint64_t word;

	if (size == sizeof(word) && va % sizeof(word) == 0) {
		memcpy(&word, bytes, sizeof(word));
		__atomic_store_n((uint64_t *)to, word, __ATOMIC_RELEASE);
	} else {
		memcpy(to, bytes, size);
	}
}

void memory_fill(uintptr_t va, uint8_t byte, size_t size)
{
	memset(memory_alias("machine_patch_fill", va, size), byte, size);
}
