/* SPDX-License-Identifier: MIT */
/*
 * Heap: blocks out of slabs of one page, larger ones out of pages of their own.
 *
 * The header of a slab or of a large block begins its first page, so a block
 * finds it by its address.  Not for pages with a permission: memory.h.
 * Freestanding; allocates pages, with interrupts as they are; changes its
 * records with interrupts off.
 *
 * Invariants: a free block of a slab is zero, so what is handed out is, and no
 * dead block holds a pointer that a scan of memory would find.  A slab is in
 * the list of its bin, its size class, exactly when it has a free block.  A
 * list's ends are NULL and no header points to the state, so that the state
 * may be copied.
 */
#include <clew/heap.h>

#include <clew/cell.h>
#include <clew/irq.h>
#include <clew/memory.h>
#include <clew/panic.h>

#include "base/string.h"

OWN_IMPLEMENTS(heap_block, "the word is the address of a block of a slab");

#define BLOCK_ALIGN 16ul
#define SLAB_MAGIC 0x62616c7370616568ull
#define LARGE_MAGIC 0x656772616c706168ull
#define LIVE_WORDS 4

struct slab {
	uint64_t magic; /* SLAB_MAGIC ^ its own address */
	map_rw map;
	struct slab *next;
	struct slab *prev;
	uint32_t bin;
	uint32_t n_live;
	uint64_t live[LIVE_WORDS]; /* bit i: block i is allocated */
	uint64_t reserved;
};

struct large {
	uint64_t magic; /* LARGE_MAGIC ^ its own address */
	map_rw map;
};

_Static_assert(sizeof(struct slab) % BLOCK_ALIGN == 0, "blocks are aligned");
_Static_assert(sizeof(struct large) % BLOCK_ALIGN == 0, "blocks are aligned");

#define SLAB_BYTES (PAGE_SIZE - sizeof(struct slab))
_Static_assert(SLAB_BYTES / BLOCK_ALIGN <= LIVE_WORDS * 64, "a bit for each block");

/* From 432 on: the largest multiples of 16 of which 9, 8, 7 ... 2 fill a slab. */
static const uint16_t bin_size[] = {
	16,  32,  48,  64,  80,	 96,  112, 128, 160, 192,  224,
	256, 320, 384, 432, 496, 560, 656, 800, 992, 1328, 2000,
};

#define BINS (sizeof(bin_size) / sizeof(bin_size[0]))
#define SMALL_MAX 2000ul

struct heap_state {
	struct slab *partial[BINS]; /* slabs with a free block; the first is used next */
	uint64_t blocks;
	uint64_t bytes;
	uint64_t bytes_held;
};

CELL_STATE(heap, "which blocks are free is what a heap knows; live ones are held by their owners");

/* ---- slabs ---------------------------------------------------------------- */

static uint32_t bin_of(size_t size)
{
	uint32_t bin = 0;

	while (bin_size[bin] < size)
		bin++;
	return bin;
}

static uint32_t capacity(uint32_t bin)
{
	return SLAB_BYTES / bin_size[bin];
}

static void slab_link(struct slab *slab)
{
	struct slab **first = &heap_state.partial[slab->bin];

	slab->prev = NULL;
	slab->next = *first;
	if (*first)
		(*first)->prev = slab;
	*first = slab;
}

static void slab_unlink(struct slab *slab)
{
	if (slab->prev)
		slab->prev->next = slab->next;
	else
		heap_state.partial[slab->bin] = slab->next;
	if (slab->next)
		slab->next->prev = slab->prev;
	slab->next = NULL;
	slab->prev = NULL;
}

static int slab_new(uint32_t bin)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	struct slab *slab;
	int r = map_rw_new(1, FRAME_HEAP, &map);

	if (r < 0)
		return r;

	OWN(irq_guard, guard) = irq_off();
	slab = map_rw_at(&map);
	slab->magic = SLAB_MAGIC ^ (uintptr_t)slab;
	slab->bin = bin;
	PUT(slab->map, MOVE(map));
	slab_link(slab);
	heap_state.bytes_held += PAGE_SIZE;
	return 0;
}

/* Takes an empty slab out of the heap; interrupts off. */
static map_rw slab_retire(struct slab *slab)
{
	slab_unlink(slab);
	slab->magic = 0;
	heap_state.bytes_held -= PAGE_SIZE;
	return MOVE(slab->map);
}

static uint32_t first_free(const struct slab *slab)
{
	uint32_t word = 0;

	while (slab->live[word] == UINT64_MAX)
		word++;
	return word * 64 + (uint32_t)__builtin_ctzll(~slab->live[word]);
}

static void *take_block(uint32_t bin)
{
	OWN(irq_guard, guard) = irq_off();
	struct slab *slab = heap_state.partial[bin];
	uint32_t i;

	if (!slab)
		return NULL;
	i = first_free(slab);
	slab->live[i / 64] |= 1ull << i % 64;
	slab->n_live++;
	if (slab->n_live == capacity(bin))
		slab_unlink(slab);
	heap_state.blocks++;
	heap_state.bytes += bin_size[bin];
	return (char *)(slab + 1) + i * bin_size[bin];
}

static void *small_alloc(size_t size)
{
	uint32_t bin = bin_of(size);
	void *block = take_block(bin);

	while (!block) {
		if (slab_new(bin) < 0)
			return NULL;
		block = take_block(bin);
	}
	return block;
}

/* Which block of the slab this is; panics unless it is a live one. */
static uint32_t live_index(const struct slab *slab, const char *block)
{
	size_t offset = (size_t)(block - (const char *)(slab + 1));
	uint32_t size, i;

	if (slab->bin >= BINS)
		panic("heap: the slab is damaged");
	size = bin_size[slab->bin];
	i = (uint32_t)(offset / size);
	if (block < (const char *)(slab + 1) || offset % size != 0 || i >= capacity(slab->bin))
		panic("heap: not the start of a block");
	if ((slab->live[i / 64] >> i % 64 & 1) == 0)
		panic("heap: the block is not allocated");
	return i;
}

/* An empty slab stays only while no other of its bin has a free block. */
static bool is_surplus(const struct slab *slab)
{
	return slab->n_live == 0 && (slab->next || slab->prev);
}

static map_rw small_free(struct slab *slab, void *block)
{
	OWN(irq_guard, guard) = irq_off();
	uint32_t i = live_index(slab, block), size = bin_size[slab->bin];

	memset(block, 0, size);
	slab->live[i / 64] &= ~(1ull << i % 64);
	if (slab->n_live == capacity(slab->bin))
		slab_link(slab);
	slab->n_live--;
	heap_state.blocks--;
	heap_state.bytes -= size;
	if (is_surplus(slab))
		return slab_retire(slab);
	return (map_rw)OWNER_EMPTY;
}

/* ---- large blocks ---------------------------------------------------------- */

static void *large_alloc(size_t size)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	struct large *large;
	size_t held;

	if (__builtin_add_overflow(size, sizeof(*large) + PAGE_SIZE - 1, &held) ||
	    map_rw_new(held >> PAGE_SHIFT, FRAME_HEAP, &map) < 0)
		return NULL;

	OWN(irq_guard, guard) = irq_off();
	held = map_rw_size(&map);
	large = map_rw_at(&map);
	large->magic = LARGE_MAGIC ^ (uintptr_t)large;
	PUT(large->map, MOVE(map));
	heap_state.blocks++;
	heap_state.bytes += held - sizeof(*large);
	heap_state.bytes_held += held;
	return large + 1;
}

static map_rw large_free(struct large *large)
{
	OWN(irq_guard, guard) = irq_off();
	size_t held = map_rw_size(&large->map);

	large->magic = 0;
	heap_state.blocks--;
	heap_state.bytes -= held - sizeof(*large);
	heap_state.bytes_held -= held;
	return MOVE(large->map);
}

/* ---- blocks ---------------------------------------------------------------- */

static void *try_alloc(size_t size)
{
	return size <= SMALL_MAX ? small_alloc(size) : large_alloc(size);
}

CELL_EXPORT void *heap_alloc(size_t size)
{
	void *block;

	if (size == 0)
		return NULL;
	block = try_alloc(size);
	if (block)
		return block;
	heap_trim();
	return try_alloc(size);
}

CELL_EXPORT void heap_free(void *block)
{
	OWN(map_rw, map) = OWNER_EMPTY;
	uintptr_t page = (uintptr_t)block & -PAGE_SIZE;
	uint64_t magic;

	if (!block)
		return;
	magic = *(const uint64_t *)page ^ page;
	if (magic == SLAB_MAGIC)
		map = small_free((struct slab *)page, block);
	else if (magic == LARGE_MAGIC && block == (struct large *)page + 1)
		map = large_free((struct large *)page);
	else
		panic("heap: not a block");
}

CELL_EXPORT int heap_block_new(size_t size, heap_block *ret)
{
	void *block;

	if (size == 0)
		return -EINVAL;

	OWN(heap_block, owner) = { (uintptr_t)heap_alloc(size) };
	block = heap_block_at(&owner);
	if (!block)
		return -ENOMEM;
	PUT(*ret, MOVE(owner));
	return 0;
}

CELL_EXPORT void heap_block_drop(heap_block block)
{
	heap_free(heap_block_at(&block));
}

CELL_EXPORT void heap_block_cleanup(heap_block *place)
{
	heap_block_drop(MOVE(*place));
}

static size_t small_size(const struct slab *slab, uintptr_t address)
{
	size_t offset = address - (uintptr_t)(slab + 1);
	size_t size = bin_size[slab->bin];
	size_t i = offset / size;

	if (address < (uintptr_t)(slab + 1) || offset % size != 0 || i >= capacity(slab->bin))
		return 0;
	return slab->live[i / 64] >> (i % 64) & 1 ? size : 0;
}

CELL_EXPORT size_t heap_block_size(uintptr_t address)
{
	OWN(irq_guard, guard) = irq_off();
	uintptr_t page = address & -PAGE_SIZE;
	uint64_t magic;

	if (machine_prot_at(page) != MACHINE_RW)
		return 0;
	magic = *(const uint64_t *)page ^ page;
	if (magic == SLAB_MAGIC)
		return small_size((const struct slab *)page, address);
	if (magic == LARGE_MAGIC && address == (uintptr_t)((const struct large *)page + 1))
		return map_rw_size(&((const struct large *)page)->map) - sizeof(struct large);
	return 0;
}

CELL_EXPORT void heap_usage(struct heap_usage *ret)
{
	OWN(irq_guard, guard) = irq_off();

	*ret = (struct heap_usage){
		.blocks = heap_state.blocks,
		.bytes = heap_state.bytes,
		.bytes_held = heap_state.bytes_held,
	};
}

static map_rw take_spare(uint32_t bin)
{
	OWN(irq_guard, guard) = irq_off();

	for (struct slab *slab = heap_state.partial[bin]; slab; slab = slab->next) {
		if (slab->n_live == 0)
			return slab_retire(slab);
	}
	return (map_rw)OWNER_EMPTY;
}

CELL_EXPORT void heap_trim(void)
{
	for (uint32_t bin = 0; bin < BINS; bin++)
		map_rw_drop(take_spare(bin));
}

CELL_HANDOVER(heap);

CELL("heap", 1, CELL_SERVICE, "blocks of any size, zero when handed out, owned by value");
