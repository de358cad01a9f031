/* SPDX-License-Identifier: MIT */
/*
 * Owned pages: frames (frame.h) with a permission (machine.h).
 *
 * Not the frame allocator, and no page tables: those are the machine's.  Has
 * no state: a mapping's word is the word of the frames it owns, a shared
 * mapping's counter lies in a heap block.  Freestanding; allocates frames, and
 * a heap block for sharing; interrupts stay as they are.
 *
 * Order in every drop: unmap, then free, so that no frame is free and mapped;
 * but writable pages are unmapped some at a time by the frame allocator, which
 * does not hand them out before (frame_retire).
 */
#include <clew/memory.h>

#include <clew/cell.h>
#include <clew/heap.h>
#include <clew/panic.h>

#include "base/string.h"

OWN_IMPLEMENTS(frames, "a mapping is the run of its frames");
OWN_IMPLEMENTS(map_rw, "the word is that of the frames");
OWN_IMPLEMENTS(map_ro, "the word is that of the frames");
OWN_IMPLEMENTS(map_x, "the word is that of the frames");
OWN_IMPLEMENTS(map_none, "the word is that of the frames");
OWN_IMPLEMENTS(shared_ro, "the word is the record that counts");
OWN_IMPLEMENTS(heap_block, "the record that counts is a block of the heap");

static frames frames_of(uint64_t word)
{
	return (frames){ word };
}

/* The cleanup of every mapping that is not writable: executable ones must go at once. */
static void drop(uint64_t word)
{
	OWN(frames, run) = frames_of(word);

	if (!IS_EMPTY(run))
		machine_unmap(frame_start(&run), frame_count(&run));
}

/* What was dropped may still have what the machine is out of. */
static int protect(uint64_t word, enum machine_prot prot)
{
	frames run = frames_of(word);
	int r;

	if (IS_EMPTY(run))
		return -EINVAL;
	r = machine_map(frame_start(&run), frame_count(&run), prot);
	if (r == -ENOMEM && frame_settle())
		r = machine_map(frame_start(&run), frame_count(&run), prot);
	return r;
}

static uintptr_t address(uint64_t word)
{
	frames run = frames_of(word);

	return frame_start(&run);
}

static size_t size(uint64_t word)
{
	frames run = frames_of(word);

	return frame_count(&run) << PAGE_SHIFT;
}

/* ---- mappings ------------------------------------------------------------- */

CELL_EXPORT int map_rw_new(size_t pages, enum frame_kind kind, map_rw *ret)
{
	OWN(frames, run) = OWNER_EMPTY;
	OWN(map_rw, map) = OWNER_EMPTY;
	int r = frame_alloc(pages, kind, &run);

	if (r < 0)
		return r;
	r = protect(run.word, MACHINE_RW);
	if (r < 0)
		return r;
	map.word = MOVE(run).word;
	memset((void *)address(map.word), 0, size(map.word));
	PUT(*ret, MOVE(map));
	return 0;
}

CELL_EXPORT void map_rw_drop(map_rw map)
{
	frame_retire(frames_of(map.word));
}

CELL_EXPORT void map_ro_drop(map_ro map)
{
	drop(map.word);
}

CELL_EXPORT void map_x_drop(map_x map)
{
	drop(map.word);
}

CELL_EXPORT void map_none_drop(map_none map)
{
	drop(map.word);
}

CELL_EXPORT void map_rw_cleanup(map_rw *place)
{
	frame_retire(frames_of(MOVE(*place).word));
}

CELL_EXPORT void map_ro_cleanup(map_ro *place)
{
	drop(MOVE(*place).word);
}

CELL_EXPORT void map_x_cleanup(map_x *place)
{
	drop(MOVE(*place).word);
}

CELL_EXPORT void map_none_cleanup(map_none *place)
{
	drop(MOVE(*place).word);
}

CELL_EXPORT int map_rw_seal(map_rw *map, map_ro *ret)
{
	int r = protect(map->word, MACHINE_R);

	if (r < 0)
		return r;
	PUT(*ret, ((map_ro){ MOVE(*map).word }));
	return 0;
}

CELL_EXPORT int map_rw_seal_x(map_rw *map, map_x *ret)
{
	int r = protect(map->word, MACHINE_RX);

	if (r < 0)
		return r;
	PUT(*ret, ((map_x){ MOVE(*map).word }));
	return 0;
}

CELL_EXPORT int map_ro_unseal(map_ro *map, map_rw *ret)
{
	int r = protect(map->word, MACHINE_RW);

	if (r < 0)
		return r;
	PUT(*ret, ((map_rw){ MOVE(*map).word }));
	return 0;
}

CELL_EXPORT int map_rw_guard(map_rw *map, size_t pages, map_none *ret)
{
	frames low = OWNER_EMPTY, high = OWNER_EMPTY;
	int r = frame_split(frames_of(map->word), pages, &low, &high);

	if (r < 0)
		return r;
	r = protect(low.word, MACHINE_NONE);
	if (r < 0)
		return r;
	PUT(*ret, ((map_none){ low.word }));
	map->word = high.word;
	return 0;
}

CELL_EXPORT void *map_rw_at(const map_rw *map)
{
	return (void *)address(map->word);
}

CELL_EXPORT const void *map_ro_at(const map_ro *map)
{
	return (const void *)address(map->word);
}

CELL_EXPORT size_t map_rw_size(const map_rw *map)
{
	return size(map->word);
}

CELL_EXPORT size_t map_ro_size(const map_ro *map)
{
	return size(map->word);
}

/* ---- shared mappings ------------------------------------------------------- */

struct shared {
	map_ro map;
	uint32_t owners; /* atomic; the block goes with the last one */
	uint32_t reserved;
};

static struct shared *shared_of(const shared_ro *shared)
{
	return (struct shared *)(uintptr_t)shared->word;
}

CELL_EXPORT int shared_ro_new(map_ro *map, shared_ro *ret)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	struct shared *shared;
	int r;

	if (IS_EMPTY(*map))
		return -EINVAL;
	r = heap_block_new(sizeof(*shared), &block);
	if (r < 0)
		return r;
	shared = heap_block_at(&block);
	shared->owners = 1;
	PUT(*ret, ((shared_ro){ MOVE(block).word }));
	shared->map = MOVE(*map);
	return 0;
}

CELL_EXPORT shared_ro shared_ro_ref(const shared_ro *shared)
{
	uint32_t before;

	if (IS_EMPTY(*shared))
		return *shared;
	before = __atomic_fetch_add(&shared_of(shared)->owners, 1, __ATOMIC_RELAXED);
	if (before == UINT32_MAX) {
		__atomic_fetch_sub(&shared_of(shared)->owners, 1, __ATOMIC_RELAXED);
		panic("memory: too many owners of a shared mapping");
	}
	return *shared;
}

CELL_EXPORT void shared_ro_drop(shared_ro shared)
{
	if (IS_EMPTY(shared) ||
	    __atomic_sub_fetch(&shared_of(&shared)->owners, 1, __ATOMIC_ACQ_REL) != 0)
		return;

	OWN(heap_block, block) = { shared.word };
	OWN(map_ro, map) = MOVE(shared_of(&shared)->map);
}

CELL_EXPORT void shared_ro_cleanup(shared_ro *place)
{
	shared_ro_drop(MOVE(*place));
}

CELL_EXPORT const void *shared_ro_at(const shared_ro *shared)
{
	return map_ro_at(&shared_of(shared)->map);
}

CELL_EXPORT size_t shared_ro_size(const shared_ro *shared)
{
	return map_ro_size(&shared_of(shared)->map);
}

CELL_EXPORT uint32_t shared_ro_owners(const shared_ro *shared)
{
	return __atomic_load_n(&shared_of(shared)->owners, __ATOMIC_RELAXED);
}

CELL("memory", 1, CELL_SERVICE, "owned pages with a permission, moved, guarded and shared");
