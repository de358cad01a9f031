/* SPDX-License-Identifier: MIT */
/*
 * Interface of the memory cell: owned pages with a permission.
 *
 * Each permission is an owner type of its own; changing it consumes one and
 * produces another.  Dropping the last owner unmaps, but writable
 * buffers together with those that are dropped next (frame.h, frame_retire); a
 * dropped page is handed out again only unmapped and cleared.  New pages are
 * zero.  Mapping may fail with -ENOMEM, dropping may not.
 */
#ifndef CLEW_MEMORY_H
#define CLEW_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/frame.h>
#include <clew/own.h>

/* Words as in frame.h: a mapping owns its frames. */
OWNER(map_rw);	 /* read and write */
OWNER(map_ro);	 /* read */
OWNER(map_x);	 /* read and execute */
OWNER(map_none); /* guard: owned, not accessible */

/* -ENOMEM; -EINVAL: pages is 0 or more than a word can count (frame.h). */
MUST_USE int map_rw_new(size_t pages, enum frame_kind kind, map_rw *ret);
void map_rw_drop(map_rw map);
void map_ro_drop(map_ro map);
void map_x_drop(map_x map);
void map_none_drop(map_none map);
void map_rw_cleanup(map_rw *place);
void map_ro_cleanup(map_ro *place);
void map_x_cleanup(map_x *place);
void map_none_cleanup(map_none *place);

/*
 * Permission changes.  On success *ret is the new owner and *map is empty; on
 * failure nothing has changed: -ENOMEM; -EINVAL: *map is empty.
 */
MUST_USE int map_rw_seal(OWN_TAKEN map_rw *map, map_ro *ret);
MUST_USE int map_rw_seal_x(OWN_TAKEN map_rw *map, map_x *ret);
MUST_USE int map_ro_unseal(OWN_TAKEN map_ro *map, map_rw *ret);

/*
 * Cuts off the first `pages` pages as a guard; *map keeps the rest, which is
 * not empty.  -ENOMEM; -EINVAL: pages is 0 or not less than there are.
 */
MUST_USE int map_rw_guard(map_rw *map, size_t pages, map_none *ret);

void *map_rw_at(const map_rw *map); /* borrowed from the owner; NULL: it is empty */
const void *map_ro_at(const map_ro *map);
size_t map_rw_size(const map_rw *map); /* bytes */
size_t map_ro_size(const map_ro *map);

/*
 * Counted sharing: read-only pages with several owners, in one task or many.
 * shared_ro_new consumes the mapping on success only (its place is emptied);
 * -ENOMEM; -EINVAL: *map is empty.
 */
OWNER(shared_ro);
MUST_USE int shared_ro_new(OWN_TAKEN map_ro *map, shared_ro *ret);
shared_ro shared_ro_ref(const shared_ro *shared);
void shared_ro_drop(shared_ro shared);
void shared_ro_cleanup(shared_ro *place);
const void *shared_ro_at(const shared_ro *shared);
size_t shared_ro_size(const shared_ro *shared); /* bytes */
uint32_t shared_ro_owners(const shared_ro *shared);

#endif
