/* SPDX-License-Identifier: MIT */
/*
 * Unloads cells: the one way to let a cell go altogether.
 *
 * The linker refuses while another cell uses the cell.  Here is the rest:
 * no stack, saved register or other word of memory may point into its text,
 * constants, data, state or entries.  Its own records do, and are left out by
 * counting their words.  Retiring one version of a cell is retire.c's.
 */
#include "unload.h"

#include <clew/heap.h>
#include <clew/irq.h>
#include <clew/linker.h>
#include <clew/log.h>
#include <clew/swap.h>
#include <clew/task.h>

#include "base/diag.h"
#include "base/format.h"
#include "base/string.h"

OWN_IMPLEMENTS(namespace_ref, "lends the reference that the cell has");

#define RETRY_NS (100 * NS_PER_US)
#define RETRIES 1000

struct holders {
	const struct swap_range *ranges;
	size_t n_ranges;
	uint32_t stacks, memory, own;
};

/* ---- its pages ------------------------------------------------------------------ */

static void add_extent(struct swap_range *ranges, size_t *count, const struct link_extent *extent)
{
	if (extent->size)
		ranges[(*count)++] = (struct swap_range){
			.first_page = extent->va >> PAGE_SHIFT,
			.pages = extent->size >> PAGE_SHIFT,
		};
}

static void add_page(struct swap_range *ranges, size_t *count, uintptr_t address)
{
	ranges[(*count)++] = (struct swap_range){ .first_page = address >> PAGE_SHIFT, .pages = 1 };
}

/* Entries are cut from a page one after the other and listed newest first. */
static bool begins_page(const struct link_entry *entry)
{
	return !entry->next || entry->stub >> PAGE_SHIFT != entry->next->stub >> PAGE_SHIFT;
}

static size_t count_ranges(const struct link_cell *cell)
{
	size_t count = 4;

	for (const struct link_entry *entry = cell->entries; entry; entry = entry->next)
		count += begins_page(entry) ? 2 : 0;
	return count;
}

static size_t list_ranges(const struct link_cell *cell, struct swap_range *ranges)
{
	const struct link_version *version = cell->current;
	size_t count = 0;

	add_extent(ranges, &count, &version->text);
	add_extent(ranges, &count, &version->constants);
	add_extent(ranges, &count, &version->data);
	add_extent(ranges, &count, &cell->state);
	for (const struct link_entry *entry = cell->entries; entry; entry = entry->next) {
		if (!begins_page(entry))
			continue;
		add_page(ranges, &count, entry->stub);
		add_page(ranges, &count, entry->slot);
	}
	return count;
}

/* ---- who points there -------------------------------------------------------------- */

static bool points_there(const struct holders *holders, uint64_t word)
{
	for (size_t i = 0; i < holders->n_ranges; i++) {
		if ((word >> PAGE_SHIFT) - holders->ranges[i].first_page < holders->ranges[i].pages)
			return true;
	}
	return false;
}

static void count_own(struct holders *holders, const void *record, size_t size)
{
	const uint64_t *words = record;

	for (size_t i = 0; record && i < size / sizeof(*words); i++)
		holders->own += points_there(holders, words[i]);
}

static void count_records(struct holders *holders, const struct link_cell *cell)
{
	const struct link_version *version = cell->current;

	count_own(holders, cell, sizeof(*cell));
	count_own(holders, version, sizeof(*version));
	count_own(holders, version->slots, version->n_slots * sizeof(*version->slots));
	count_own(holders, version->unwind, version->n_unwind * sizeof(*version->unwind));
	count_own(holders, version->definitions,
		  version->n_definitions * sizeof(*version->definitions));
	count_own(holders, version->entry_values,
		  version->n_entry_values * sizeof(*version->entry_values));
	count_own(holders, cell->state_slots, cell->n_state_slots * sizeof(*cell->state_slots));
	for (const struct link_export *export = cell->exports; export; export = export->next)
		count_own(holders, export, sizeof(*export));
	for (const struct link_entry *entry = cell->entries; entry; entry = entry->next)
		count_own(holders, entry, sizeof(*entry));
}

static void note_hit(void *context, const uint64_t *word, size_t range, struct task *stack_of)
{
	struct holders *holders = context;

	(void)word;
	(void)range;
	if (stack_of)
		holders->stacks++;
	else
		holders->memory++;
}

static int refuse(const struct link_cell *cell, const char *what, const char *expected,
		  const char *found, struct diag *reterr)
{
	diag_fill(reterr, cell->name, what, expected, found);
	return -EBUSY;
}

static int check_holders(struct link_cell *cell, struct diag *reterr)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	struct holders holders = { .stacks = 0 };
	char found[72];
	int r = heap_block_new(count_ranges(cell) * sizeof(struct swap_range), &block);

	if (r < 0) {
		(void)refuse(cell, "out of memory", "a list of the cell's pages", "", reterr);
		return r;
	}
	holders.ranges = heap_block_at(&block);
	holders.n_ranges = list_ranges(cell, heap_block_at(&block));
	count_records(&holders, cell);
	swap_scan(holders.ranges, holders.n_ranges, true, note_hit, &holders);
	holders.memory -= holders.own;
	cell->current->held_by_stacks = holders.stacks;
	cell->current->held_by_memory = holders.memory;
	if (holders.stacks == 0 && holders.memory == 0)
		return 0;
	format_text(found, sizeof(found), "%u words on stacks, %u in memory", holders.stacks,
		    holders.memory);
	return refuse(cell, "something still points into the cell", "no pointers", found, reterr);
}

int unload_try(struct link_cell *cell, struct diag *reterr)
{
	/* Borrowed: the cell knows its namespace, the linker asks for a reference. */
	const namespace_ref ns = { (uintptr_t)cell->ns };
	char name[CELL_NAME_MAX];
	int r;

	string_copy(name, sizeof(name), cell->name);
	r = linker_can_unload(&ns, name, reterr);
	if (r == 0)
		r = check_holders(cell, reterr);
	return r == 0 ? linker_unload(&ns, name, reterr) : r;
}

unsigned int unload_dismissed(void)
{
	OWN(irq_guard, guard) = irq_off();
	struct link_cell *cell = linker_next_dismissed(0);
	unsigned int gone = 0;

	while (cell) {
		uint64_t id = cell->current->id;
		char name[CELL_NAME_MAX];
		struct diag ignored;

		string_copy(name, sizeof(name), cell->name);
		if (unload_try(cell, &ignored) == 0) {
			log_write("swap: %s unloaded", name);
			gone++;
		}
		cell = linker_next_dismissed(id);
	}
	return gone;
}

static int try_once(const namespace_ref *ns, const char *name, bool dismiss, struct diag *reterr)
{
	OWN(irq_guard, guard) = irq_off();
	struct link_cell *cell = linker_cell(ns, name);
	int r;

	if (!cell)
		return linker_unload(ns, name, reterr);
	r = unload_try(cell, reterr);
	if (dismiss && r < 0 && r != -EAGAIN)
		linker_dismiss(cell, namespace_ref_ref(ns));
	return r;
}

static int unload(const namespace_ref *ns, const char *name, bool dismiss, struct diag *reterr)
{
	int r = try_once(ns, name, dismiss, reterr);

	for (int i = 0; r == -EAGAIN && i < RETRIES; i++) {
		task_sleep(RETRY_NS);
		r = try_once(ns, name, dismiss, reterr);
	}
	return r == -EAGAIN ? -EBUSY : r;
}

CELL_EXPORT int swap_unload(const namespace_ref *ns, const char *name, struct diag *reterr)
{
	return unload(ns, name, false, reterr);
}

CELL_EXPORT int swap_dismiss(const namespace_ref *ns, const char *name, struct diag *reterr)
{
	return unload(ns, name, true, reterr);
}
