/* SPDX-License-Identifier: MIT */
/*
 * Interface of the frame allocator: runs of physical frames.
 *
 * A frame's address in the window is its physical address (machine.h), so a
 * run of frames is a run of pages without permission to touch them; memory.h
 * makes them accessible.  Provided by the cell `frame`; does not allocate.
 */
#ifndef CLEW_FRAME_H
#define CLEW_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/machine.h>
#include <clew/own.h>

/*
 * Called once, by nano_core.  Memory outside MACHINE_REGION_FREE is used from
 * the start; nano_core's and the modules' frames count as such, what started
 * the machine (MACHINE_REGION_BOOT) as nano_core's, the machine's and holes as
 * nothing.  -EINVAL: regions that overlap or lie outside the window's
 * 16 TiB; -ENOMEM: no room for the bitmap; -EALREADY.
 */
MUST_USE int frame_init(const struct machine_info *info);

/* What a frame is used for; counted, not recorded (DESIGN: no state spill). */
enum frame_kind {
	FRAME_ARENA,  /* the linker's pools */
	FRAME_NANO,   /* nano_core and what started it, held until nothing points there */
	FRAME_MODULE, /* boot archive, script */
	FRAME_HEAP,
	FRAME_STACK,
	FRAME_BUFFER,
	FRAME_TABLE, /* the frame allocator's own bitmap */
	FRAME_KINDS,
};

/*
 * Owns `count` frames from `start`.  One word: bits 0-7 kind + 1, 8-31 count,
 * 32-63 frame number; so 16 TiB of memory and 64 GiB in a run.
 */
OWNER(frames);

struct frame_usage {
	uint64_t total, free;	    /* frames */
	uint64_t used[FRAME_KINDS]; /* frames */
	uint64_t largest_free_run;  /* frames */
};

/* -ENOMEM: no such run is free; -EINVAL: count is 0 or too large. */
MUST_USE int frame_alloc(size_t count, enum frame_kind kind, frames *ret);
void frame_free(frames run); /* accepts an empty one; panics on frames that are not in use */
void frames_cleanup(frames *run);
/*
 * frame_free() of frames that are mapped, which unmaps them.  Those of kind
 * FRAME_BUFFER count as free at once, and are unmapped together with others:
 * before they are handed out again, and when FRAME_STALE_MAX of them wait.
 */
void frame_retire(frames run);
#define FRAME_STALE_MAX 64
/* Unmaps what waits; false: nothing did. */
bool frame_settle(void);

/*
 * Takes a given free range, for boot; -EBUSY: part of it is used; -EINVAL:
 * not whole pages of the memory, or count is 0 or too large.
 */
MUST_USE int frame_claim(uintptr_t start, size_t count, enum frame_kind kind, frames *ret);

/*
 * An owner for frames of a boot region that are in use since frame_init, so
 * that they can be freed.  To be called once for a frame; panics unless the
 * range lies in one region of that kind (FRAME_NANO or FRAME_MODULE).
 */
frames frame_adopt_region(uintptr_t start, size_t count, enum frame_kind kind);

/* Makes one run of a kind another kind's (consumes, produces). */
frames frame_rekind(frames run, enum frame_kind kind);

/*
 * Cuts a run in two: the first `count` frames and the rest, neither empty.
 * -EINVAL: count is 0 or not less than the run's, and `run` is still the
 * caller's.
 */
MUST_USE int frame_split(frames run, size_t count, frames *ret_low, frames *ret_high);

uintptr_t frame_start(const frames *run); /* address in the window; 0: empty */
size_t frame_count(const frames *run);

/* Whether the word stands for frames that are all used.  For the ledger, which guesses. */
bool frame_is_run(const frames *run);

void frame_usage(struct frame_usage *ret);
const char *frame_kind_name(enum frame_kind kind);

/*
 * The run of frames, all used or all free, that begins at `at` or next above
 * it.  A run ends where its boot region ends; the machine's regions are left
 * out.  -ENOENT past the end.  For `mem` and for scans of used memory.
 */
MUST_USE int frame_next_run(uintptr_t at, bool *ret_used, uintptr_t *ret_start, size_t *ret_count);

#endif
