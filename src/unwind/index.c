/* SPDX-License-Identifier: MIT */
/*
 * Checks an .eh_frame once and makes a sorted table of its FDEs; finds an FDE
 * by address.  Freestanding, no allocation.
 */
#include "base/format.h"
#include "base/string.h"
#include "unwind/cfi.h"
#include "unwind/fde.h"
#include "unwind/unwind.h"

struct indexer {
	struct section section;
	uint64_t lsda_low, lsda_high;
	struct unwind_entry *entries; /* NULL: only counts */
	size_t max, count;
	struct known_cie cie;
	struct known_row row;
	struct diag *diag;
};

static int refuse(const struct indexer *ix, const uint8_t *at, const char *why)
{
	*ix->diag = (struct diag){ .offset = (uint64_t)(at - ix->section.low) };
	string_copy(ix->diag->section, sizeof(ix->diag->section), ".eh_frame");
	string_copy(ix->diag->what, sizeof(ix->diag->what), why);
	return -EBADMSG;
}

static const char *check_fde(struct indexer *ix, const struct fde *fde)
{
	if (fde->lsda != 0 && (fde->lsda < ix->lsda_low || fde->lsda >= ix->lsda_high))
		return "an LSDA outside the constants";
	return ix->entries ? cfi_check(fde, &ix->row) : NULL;
}

static int add_fde(struct indexer *ix, const uint8_t *at, const struct fde *fde)
{
	const char *why = check_fde(ix, fde);

	if (why)
		return refuse(ix, at, why);
	if (fde->size == 0) /* an empty function: no address is in it */
		return 0;
	if (ix->entries && ix->count == ix->max)
		return -ENOSPC;
	if (ix->entries)
		ix->entries[ix->count] = (struct unwind_entry){
			.start = fde->start,
			.size = fde->size,
			.fde = (uintptr_t)at + ix->section.delta,
			.lsda = fde->lsda,
		};
	ix->count++;
	return 0;
}

/* A length of 0 ends the section: what follows must be padding. */
static int check_end(const struct indexer *ix, const uint8_t *at)
{
	for (const uint8_t *byte = at; byte < ix->section.high; byte++) {
		if (*byte != 0)
			return refuse(ix, at, "a terminator before the end");
	}
	return 0;
}

static int scan_record(struct indexer *ix, const uint8_t *at, const uint8_t **ret_next)
{
	struct reader record;
	struct fde fde;
	struct cie cie;
	uint32_t id;
	const char *why = record_read(&ix->section, at, &record, &id);

	if (!why && id == 0)
		why = cie_read(&ix->section, at, &cie);
	else if (!why)
		why = fde_of_record(&ix->section, record, id, &ix->cie, &fde);
	if (why)
		return refuse(ix, at, why);
	*ret_next = record.end;
	return id == 0 ? 0 : add_fde(ix, at, &fde);
}

static bool is_end(const struct indexer *ix, const uint8_t *at)
{
	uint32_t length;

	if (ix->section.high - at < 4)
		return false;
	__builtin_memcpy(&length, at, sizeof(length));
	return length == 0;
}

static int scan(struct indexer *ix)
{
	const uint8_t *at = ix->section.low;
	__attribute__((uninitialized)) struct fde fde;

	while (at < ix->section.high) {
		const uint8_t *next;
		int r;

		if (is_end(ix, at))
			return check_end(ix, at);
		if (fde_read_usual(&ix->section, at, &ix->cie, &fde)) {
			next = fde.program.end;
			r = add_fde(ix, at, &fde);
		} else {
			r = scan_record(ix, at, &next);
		}
		if (r != 0)
			return r;
		at = next;
	}
	return 0;
}

/* Moves entries[root] down until no child starts later. */
static void sift(struct unwind_entry *entries, size_t root, size_t count)
{
	struct unwind_entry moved = entries[root];
	size_t child;

	while ((child = 2 * root + 1) < count) {
		if (child + 1 < count && entries[child + 1].start > entries[child].start)
			child++;
		if (entries[child].start <= moved.start)
			break;
		entries[root] = entries[child];
		root = child;
	}
	entries[root] = moved;
}

/* Heap sort: in place, no recursion, no bad case. */
static void sort(struct unwind_entry *entries, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift(entries, i, count);
	for (size_t i = count; i-- > 1;) {
		struct unwind_entry last = entries[i];

		entries[i] = entries[0];
		entries[0] = last;
		sift(entries, 0, i);
	}
}

static bool is_sorted(const struct unwind_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (entries[i].start < entries[i - 1].start)
			return false;
	}
	return true;
}

static int check_disjoint(const struct indexer *ix)
{
	for (size_t i = 1; i < ix->count; i++) {
		const struct unwind_entry *before = &ix->entries[i - 1], *entry = before + 1;

		if (entry->start < before->start + before->size)
			return refuse(ix,
				      (const uint8_t *)(uintptr_t)(entry->fde - ix->section.delta),
				      "two FDEs for one address");
	}
	return 0;
}

size_t unwind_index_max(const void *bytes, size_t size)
{
	const uint8_t *at = bytes, *end = at + size;
	size_t count = 0;
	uint32_t length = 0;

	for (; end - at >= 8; at += 4ul + length, count++) {
		__builtin_memcpy(&length, at, sizeof(length));
		if (length == 0 || length > (size_t)(end - at) - 4)
			break;
	}
	return count;
}

int unwind_index(const void *bytes, size_t size, uint64_t at, uint64_t lsda_low, uint64_t lsda_high,
		 struct unwind_entry *entries, size_t max, size_t *ret_count, struct diag *reterr)
{
	struct indexer ix = {
		.section = { .low = bytes,
			     .high = (const uint8_t *)bytes + size,
			     .delta = at - (uintptr_t)bytes },
		.lsda_low = lsda_low,
		.lsda_high = lsda_high,
		.entries = entries,
		.max = max,
		.diag = reterr,
	};
	int r;

	r = scan(&ix);
	if (r != 0)
		return r;
	if (entries) {
		if (!is_sorted(entries, ix.count))
			sort(entries, ix.count);
		r = check_disjoint(&ix);
		if (r != 0)
			return r;
	}
	*ret_count = ix.count;
	return 0;
}

const struct unwind_entry *unwind_find(const struct unwind_entry *entries, size_t count,
				       uint64_t pc)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (entries[middle].start > pc)
			high = middle;
		else if (pc - entries[middle].start >= entries[middle].size)
			low = middle + 1;
		else
			return &entries[middle];
	}
	return NULL;
}
