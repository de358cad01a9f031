/* SPDX-License-Identifier: MIT */
/* Pages of files; see content.h. */
#include "content.h"

#include <clew/heap.h>

#include "base/string.h"

OWN_IMPLEMENTS(content_pages, "the word is the table of the pages");
OWN_IMPLEMENTS(heap_block, "a table is a block of the heap");

static struct content_table *table_of(const content_pages *pages)
{
	return (struct content_table *)(uintptr_t)pages->word;
}

/* NULL: the table does not reach there. */
static map_rw *unit_in(const content_pages *pages, uint64_t unit)
{
	struct content_table *table = table_of(pages);

	if (table == NULL || unit < table->first || unit - table->first >= table->count)
		return NULL;
	return &table->at[unit - table->first];
}

static bool has_unit(const content_pages *pages, uint64_t unit)
{
	const map_rw *at = unit_in(pages, unit);

	return at != NULL && !IS_EMPTY(*at);
}

void content_pages_cleanup(content_pages *place)
{
	struct content_table *table = table_of(place);
	OWN(heap_block, block) = { MOVE(*place).word };

	for (uint64_t i = 0; table != NULL && i < table->count; i++)
		map_rw_cleanup(&table->at[i]);
}

/* In bytes of the file. */
static uint64_t unit_start(uint64_t unit)
{
	if (unit < CONTENT_SMALL)
		return unit << PAGE_SHIFT;
	return (CONTENT_SMALL + (unit - CONTENT_SMALL) * CONTENT_LARGE) << PAGE_SHIFT;
}

int content_pages_new(uint64_t first, uint64_t count, content_pages *ret)
{
	struct content_table *table = heap_alloc(sizeof(*table) + count * sizeof(table->at[0]));

	if (table == NULL)
		return -ENOMEM;
	table->first = first;
	table->count = count;
	PUT(*ret, ((content_pages){ (uintptr_t)table }));
	return 0;
}

/* The part of the seed that lies in `size` bytes from there. */
static void copy_seed(uint8_t *to, uint64_t at, const uint8_t *seed, uint64_t seed_size,
		      size_t size)
{
	if (at >= seed_size)
		return;
	memcpy(to, seed + at, seed_size - at < size ? seed_size - at : size);
}

int content_pages_fill(const content_pages *pages, uint64_t unit, const uint8_t *seed,
		       uint64_t seed_size)
{
	map_rw *at = unit_in(pages, unit);
	int r = map_rw_new(unit < CONTENT_SMALL ? 1 : CONTENT_LARGE, FRAME_BUFFER, at);

	if (r == 0)
		copy_seed(map_rw_at(at), unit_start(unit), seed, seed_size, map_rw_size(at));
	return r;
}

/* ---- interrupts off --------------------------------------------------------------- */

bool content_has(const struct content *content, uint64_t unit)
{
	return has_unit(&content->pages, unit);
}

uint64_t content_room(const struct content *content)
{
	const struct content_table *table = table_of(&content->pages);

	return table != NULL ? table->count : 0;
}

bool content_covers(const struct content *content, const struct content_supply *supply, uint64_t at,
		    uint64_t size)
{
	uint64_t last = content_unit(at + size - 1);

	if (last >= content_room(content) && unit_in(&supply->larger, last) == NULL)
		return false;
	for (uint64_t unit = content_unit(at); unit <= last; unit++) {
		if (!content_has(content, unit) && !has_unit(&supply->fresh, unit))
			return false;
	}
	return true;
}

/* The larger table gets the units, and the supply the old one, empty. */
static void exchange_tables(struct content *content, content_pages *larger)
{
	struct content_table *to = table_of(larger);
	uint64_t room = content_room(content);

	if (to == NULL || to->count <= room)
		return;
	for (uint64_t unit = 0; unit < room; unit++)
		PUT(to->at[unit], MOVE(*unit_in(&content->pages, unit)));
	*larger = MOVE(content->pages);
	content->pages.word = (uintptr_t)to;
}

void content_install(struct content *content, struct content_supply *supply)
{
	const struct content_table *fresh = table_of(&supply->fresh);

	exchange_tables(content, &supply->larger);
	for (uint64_t i = 0; fresh != NULL && i < fresh->count; i++) {
		map_rw *from = unit_in(&supply->fresh, fresh->first + i);
		map_rw *to = unit_in(&content->pages, fresh->first + i);

		if (to != NULL && IS_EMPTY(*to))
			PUT(*to, MOVE(*from));
	}
}

/* How much of [at, at + size) lies in one unit. */
static size_t part_in_unit(uint64_t at, size_t size)
{
	uint64_t left = unit_start(content_unit(at) + 1) - at;

	return size < left ? size : left;
}

static uint8_t *byte_at(const struct content *content, uint64_t at)
{
	uint64_t unit = content_unit(at);

	return (uint8_t *)map_rw_at(unit_in(&content->pages, unit)) + (at - unit_start(unit));
}

void content_copy_in(const struct content *content, uint64_t at, const uint8_t *from, size_t size)
{
	while (size > 0) {
		size_t part = part_in_unit(at, size);

		memcpy(byte_at(content, at), from, part);
		at += part;
		from += part;
		size -= part;
	}
}

void content_copy_out(const struct content *content, uint64_t at, uint8_t *to, size_t size)
{
	while (size > 0) {
		size_t part = part_in_unit(at, size);

		if (content_has(content, content_unit(at))) {
			memcpy(to, byte_at(content, at), part);
		} else {
			memset(to, 0, part);
			copy_seed(to, at, content->seed, content->seed_size, part);
		}
		at += part;
		to += part;
		size -= part;
	}
}

content_pages content_empty(struct content *content)
{
	content->size = 0;
	content->seed = NULL;
	content->seed_size = 0;
	content->epoch++;
	return MOVE(content->pages);
}
