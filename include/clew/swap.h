/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `swap`: replaces a loaded cell by another version.
 *
 * prepare, validate, commit, retire (DESIGN, Live swap).  Any error before
 * the commit leaves the system exactly as it was.
 */
#ifndef CLEW_SWAP_H
#define CLEW_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/cell.h>
#include <clew/diag.h>
#include <clew/errors.h>
#include <clew/namespace.h>

struct swap_report {
	char name[CELL_NAME_MAX];
	uint32_t from, to;    /* versions */
	uint32_t slots;	      /* repointed */
	uint32_t entries;     /* repointed */
	uint32_t pinned;      /* entries that keep the old text */
	uint64_t state_bytes; /* adopted in place */
	uint64_t commit_ns;
	uint64_t replaced_ns; /* until the commit was done */
	uint64_t total_ns;    /* and what could be retired was */
	bool retired;	      /* the old version is gone already */
};

/* Replaces cell `name` in ns by the object.  `file` names it in messages. */
MUST_USE int swap_cell(const namespace_ref *ns, const char *name, const char *file,
		       const void *bytes, size_t size, struct swap_report *ret,
		       struct diag *reterr);

/*
 * Unloads a cell that no other uses.  -EBUSY: a cell uses it, a task runs in
 * it, or memory points into it: *reterr says what and how much; -ENOENT.
 */
MUST_USE int swap_unload(const namespace_ref *ns, const char *name, struct diag *reterr);
/*
 * swap_unload() of a cell that has had its day: while something holds it
 * (-EBUSY) it stays, keeps ns, and swap_retire() tries again.
 */
MUST_USE int swap_dismiss(const namespace_ref *ns, const char *name, struct diag *reterr);

/* A replaced version or a dismissed cell that is still there, and what holds it. */
struct swap_pending {
	uint64_t id;
	char name[CELL_NAME_MAX];
	uint32_t version;
	uint64_t bytes;
	uint32_t stack_words, entries, memory_words; /* what was found last */
};
/* Tries to retire every replaced version and dismissed cell; returns how many went. */
unsigned int swap_retire(void);
/* The pending version with the smallest id above `after`; -ENOENT: none. */
MUST_USE int swap_next_pending(uint64_t after, struct swap_pending *ret);

/* ---- looking for pointers, for captain too ---------------------------------- */

/* Page numbers (address / PAGE_SIZE), so that a range is no pointer to itself. */
struct swap_range {
	uint64_t first_page, pages;
};

struct task;

/*
 * word: where; range: which of the ranges its value lies in; stack_of: the
 * task in whose live stack or saved registers it is, NULL for other memory.
 */
typedef void swap_scan_hit(void *context, const uint64_t *word, size_t range,
			   struct task *stack_of);

/*
 * Reads every aligned word of used memory that can be read (only what can be
 * written, when writable_only) and reports those that may point into a range.
 * Left out: the ranges themselves, free pages of the pools, and the unused
 * part of each stack.  Interrupts off, from a task.
 */
void swap_scan(const struct swap_range *ranges, size_t count, bool writable_only,
	       swap_scan_hit *hit, void *context);

#endif
