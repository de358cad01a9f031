/* SPDX-License-Identifier: MIT */
/*
 * The bytes of one file: pages of its own, and below them what it began with.
 *
 * What a file began with is borrowed from the memory of the machine, which
 * stays; a unit of it is copied when it is first written to.  A unit that is
 * in neither reads as zeros.  Knows no names.
 *
 * Units are numbered from the file's beginning.  The first ones are pages, so
 * that a small file is small; the others are larger, since each mapping costs
 * the machine something, and a host may run out of them before it does of
 * memory.
 */
#ifndef MEMFS_CONTENT_H
#define MEMFS_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/fs.h>
#include <clew/memory.h>
#include <clew/own.h>

#define CONTENT_SMALL 16u /* how many units are a page */
#define CONTENT_LARGE 16u /* pages of the others */

/* The unit that holds the byte. */
static inline uint64_t content_unit(uint64_t at)
{
	uint64_t page = at >> PAGE_SHIFT;

	if (page < CONTENT_SMALL)
		return page;
	return CONTENT_SMALL + (page - CONTENT_SMALL) / CONTENT_LARGE;
}

/* Units first, first + 1 ... of a file, each of which may be empty; a heap block. */
struct content_table {
	uint64_t first, count;
	map_rw at[];
};
OWNER(content_pages); /* word: address of a struct content_table; owns the pages as well */
void content_pages_cleanup(content_pages *place);

struct content {
	uint64_t size;	     /* bytes */
	content_pages pages; /* from unit 0 on */
	const uint8_t *seed; /* what it began with */
	uint64_t seed_size;  /* bytes */
	uint64_t epoch;	     /* how often it was emptied */
};

/* What a write needs that the file has not: with it, the write cannot fail. */
struct content_supply {
	content_pages fresh;  /* units */
	content_pages larger; /* a table without units, when the file's is too short */
};

/* ---- with interrupts off; these neither allocate nor fail --------------------- */

/* Whether the units of bytes [at, at + size) are there, size not 0. */
bool content_covers(const struct content *content, const struct content_supply *supply, uint64_t at,
		    uint64_t size);
/* Then: makes them the file's.  What was not needed stays in the supply. */
void content_install(struct content *content, struct content_supply *supply);

bool content_has(const struct content *content, uint64_t unit);
uint64_t content_room(const struct content *content); /* units in the file's table */

void content_copy_in(const struct content *content, uint64_t at, const uint8_t *from, size_t size);
void content_copy_out(const struct content *content, uint64_t at, uint8_t *to, size_t size);

/* What the caller then releases. */
content_pages content_empty(struct content *content);

/* ---- with interrupts on -------------------------------------------------------- */

/* -ENOMEM. */
MUST_USE int content_pages_new(uint64_t first, uint64_t count, content_pages *ret);
/* Makes the unit what it is in the seed.  -ENOMEM. */
MUST_USE int content_pages_fill(const content_pages *pages, uint64_t unit, const uint8_t *seed,
				uint64_t seed_size);

#endif
