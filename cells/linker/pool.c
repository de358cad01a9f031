/* SPDX-License-Identifier: MIT */
/* Page runs of the arena.  Interrupts off while a bitmap changes. */
#include "pool.h"

#include <clew/irq.h>

bool pool_is_used(const struct pool *pool, uint32_t page)
{
	return pool->bitmap[page / 64] >> (page % 64) & 1;
}

static void set_used(struct pool *pool, uint32_t page, uint32_t count, bool used)
{
	for (; count > 0; count--, page++) {
		uint64_t bit = 1ull << (page % 64);

		if (used)
			pool->bitmap[page / 64] |= bit;
		else
			pool->bitmap[page / 64] &= ~bit;
	}
}

/* The first page in [from, to) whose bit is `used`; `to` when there is none. */
static uint32_t find_page(const struct pool *pool, uint32_t from, uint32_t to, bool used)
{
	while (from < to) {
		uint64_t word = pool->bitmap[from / 64];
		uint64_t wanted = (used ? word : ~word) >> (from % 64);

		if (wanted) {
			from += (uint32_t)__builtin_ctzll(wanted);
			return from < to ? from : to;
		}
		from = (from / 64 + 1) * 64;
	}
	return to;
}

/* The first run of free pages in [from, to); `to` when there is none. */
static uint32_t find_run(const struct pool *pool, uint32_t from, uint32_t to, uint32_t count)
{
	while (from < to) {
		uint32_t start = find_page(pool, from, to, false);

		if (to - start < count)
			return to;
		from = find_page(pool, start, start + count, true);
		if (from == start + count)
			return start;
	}
	return to;
}

int pool_alloc(struct pool *pool, uint64_t bytes, struct link_extent *ret)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t pages = (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
	uint32_t count = (uint32_t)pages, page;

	if (bytes == 0) {
		*ret = (struct link_extent){ 0 };
		return 0;
	}
	if (pages > pool->pages - pool->used)
		return -ENOMEM;
	page = find_run(pool, pool->hint, pool->pages, count);
	if (page == pool->pages)
		page = find_run(pool, 0, pool->pages, count);
	if (page == pool->pages)
		return -ENOMEM;
	set_used(pool, page, count, true);
	pool->used += count;
	pool->hint = page + count;
	/* Scans read whole pages, and memory that was never used holds anything. */
	machine_patch_fill(pool->start + page * PAGE_SIZE + bytes, 0, count * PAGE_SIZE - bytes);
	*ret = (struct link_extent){
		.va = pool->start + page * PAGE_SIZE,
		.size = count * PAGE_SIZE,
		.used = bytes,
	};
	return 0;
}

void pool_free(struct pool *pool, enum pool_kind kind, struct link_extent *extent)
{
	OWN(irq_guard, guard) = irq_off();
	uint32_t page, count;

	if (extent->va == 0)
		return;
	machine_patch_fill(extent->va, kind == POOL_TEXT ? 0xcc : 0, extent->size);
	page = (uint32_t)((extent->va - pool->start) >> PAGE_SHIFT);
	count = (uint32_t)(extent->size >> PAGE_SHIFT);
	set_used(pool, page, count, false);
	pool->used -= count;
	if (page < pool->hint)
		pool->hint = page;
	*extent = (struct link_extent){ 0 };
}
