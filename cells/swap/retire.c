/* SPDX-License-Identifier: MIT */
/*
 * Lets replaced versions go, once nothing refers to them.
 *
 * Entries are counted in the records, stacks and registers word by word from
 * each task's saved stack pointer, all other writable memory conservatively;
 * one scan serves every pending version.  What holds a version is counted.
 */
#include <clew/swap.h>

#include <clew/irq.h>
#include <clew/linker.h>
#include <clew/log.h>
#include <clew/task.h>

#include "base/string.h"
#include "link/record.h"

#include "unload.h"

#define PENDING_MAX 16 /* versions that one scan serves */
#define RANGES_EACH 3

struct pending {
	struct link_version *versions[PENDING_MAX];
	struct swap_range ranges[PENDING_MAX * RANGES_EACH];
	uint32_t count;
};

static void set_range(struct swap_range *range, const struct link_extent *extent)
{
	range->first_page = extent->va >> PAGE_SHIFT;
	range->pages = extent->size >> PAGE_SHIFT;
}

static void collect(struct pending *pending, uint64_t after)
{
	struct link_version *version = linker_next_replaced(after);

	for (; version && pending->count < PENDING_MAX;
	     version = linker_next_replaced(version->id)) {
		struct swap_range *ranges = &pending->ranges[pending->count * RANGES_EACH];

		set_range(&ranges[0], &version->text);
		set_range(&ranges[1], &version->constants);
		set_range(&ranges[2], &version->data);
		version->held_by_stacks = 0;
		version->held_by_entries = 0;
		version->held_by_memory = 0;
		pending->versions[pending->count++] = version;
	}
}

static bool lies_in(const void *word, const void *block, uint64_t size)
{
	return block && (uintptr_t)word - (uintptr_t)block < size;
}

/* The records of a version hold its own addresses. */
static bool is_own_record(const struct link_version *version, const void *word)
{
	return lies_in(word, version, sizeof(*version)) ||
	       lies_in(word, version->slots, version->n_slots * sizeof(*version->slots)) ||
	       lies_in(word, version->unwind, version->n_unwind * sizeof(*version->unwind)) ||
	       lies_in(word, version->definitions,
		       version->n_definitions * sizeof(*version->definitions)) ||
	       lies_in(word, version->entry_values,
		       version->n_entry_values * sizeof(*version->entry_values));
}

static void note_hit(void *context, const uint64_t *word, size_t range, struct task *stack_of)
{
	struct pending *pending = context;
	struct link_version *version = pending->versions[range / RANGES_EACH];

	if (is_own_record(version, word))
		return;
	if (!stack_of) {
		version->held_by_memory++;
		return;
	}
	version->held_by_stacks++;
	/* If it is parked, it returns to its loop and comes back through its slot. */
	task_restart(stack_of);
}

static void count_entries(struct link_version *version)
{
	for (const struct link_entry *entry = version->cell->entries; entry; entry = entry->next)
		version->held_by_entries += entry->version == version;
}

static bool is_free(const struct link_version *version)
{
	return version->held_by_stacks == 0 && version->held_by_entries == 0 &&
	       version->held_by_memory == 0;
}

static void look(struct pending *pending, uint64_t after)
{
	collect(pending, after);
	if (pending->count == 0)
		return;
	for (uint32_t i = 0; i < pending->count; i++)
		count_entries(pending->versions[i]);
	swap_scan(pending->ranges, (size_t)pending->count * RANGES_EACH, true, note_hit, pending);
}

static bool let_go(struct link_version *version)
{
	struct link_cell *cell = version->cell;
	uint32_t number = version->number;
	uint64_t bytes = version->text.size + version->constants.size + version->data.size;

	if (!is_free(version) || linker_retire(version) < 0)
		return false;
	log_write("swap: %s version %u retired, %lu bytes", cell->name, number, bytes);
	linker_prune(cell);
	return true;
}

/* With interrupts off from the look to the end: nothing found free is found again. */
static uint32_t retire_some(uint64_t *after, unsigned int *gone)
{
	OWN(irq_guard, guard) = irq_off();
	struct pending pending = { .count = 0 };

	look(&pending, *after);
	for (uint32_t i = 0; i < pending.count; i++) {
		*after = pending.versions[i]->id;
		*gone += let_go(pending.versions[i]);
	}
	return pending.count;
}

CELL_EXPORT unsigned int swap_retire(void)
{
	unsigned int gone = 0;
	uint64_t after = 0;

	while (retire_some(&after, &gone) == PENDING_MAX)
		;
	return gone + unload_dismissed();
}

CELL_EXPORT int swap_next_pending(uint64_t after, struct swap_pending *ret)
{
	OWN(irq_guard, guard) = irq_off();
	const struct link_version *version = linker_next_replaced(after);
	const struct link_cell *dismissed = linker_next_dismissed(after);

	if (dismissed && (!version || dismissed->current->id < version->id))
		version = dismissed->current;
	if (!version)
		return -ENOENT;
	*ret = (struct swap_pending){
		.id = version->id,
		.version = version->number,
		.bytes = version->text.size + version->constants.size + version->data.size,
		.stack_words = version->held_by_stacks,
		.entries = version->held_by_entries,
		.memory_words = version->held_by_memory,
	};
	string_copy(ret->name, sizeof(ret->name), version->cell->name);
	return 0;
}
