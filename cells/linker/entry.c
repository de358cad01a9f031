/* SPDX-License-Identifier: MIT */
/*
 * Entries: stubs that are the addresses of functions, over all versions.
 *
 * They belong to the identity and are cut from pages of its own: one of text
 * for the stubs, one of constants for the words they jump through.  A page
 * ends with a word that holds the page before it, so that the cell's pages
 * can be given back with it.
 */
#include "load.h"

#include <clew/irq.h>

#include "base/string.h"

#define STUB_SIZE 8
#define ENTRIES_PER_PAGE (PAGE_SIZE / STUB_SIZE - 1)

static void write_word(uintptr_t va, uint64_t word)
{
	machine_patch(va, &word, sizeof(word));
}

static uintptr_t page_before(uintptr_t page)
{
	uintptr_t before;

	memcpy(&before, (const void *)(page + PAGE_SIZE - sizeof(before)), sizeof(before));
	return before;
}

static int take_pages(struct link_cell *cell)
{
	struct pool *pools = linker_self()->pools;
	struct link_extent text = { 0 }, slots = { 0 };
	int r = pool_alloc(&pools[POOL_TEXT], PAGE_SIZE, &text);

	if (r == 0)
		r = pool_alloc(&pools[POOL_CONSTANTS], PAGE_SIZE, &slots);
	if (r < 0) {
		pool_free(&pools[POOL_TEXT], POOL_TEXT, &text);
		return r;
	}
	machine_patch_fill(text.va, 0xcc, PAGE_SIZE);
	machine_patch_fill(slots.va, 0, PAGE_SIZE);
	write_word(text.va + PAGE_SIZE - 8, cell->entry_text);
	write_word(slots.va + PAGE_SIZE - 8, cell->entry_slots);
	cell->entry_text = text.va;
	cell->entry_slots = slots.va;
	cell->entry_used = 0;
	return 0;
}

static void give_pages(struct link_cell *cell)
{
	struct pool *pools = linker_self()->pools;

	while (cell->entry_text) {
		struct link_extent text = { .va = cell->entry_text, .size = PAGE_SIZE };
		struct link_extent slots = { .va = cell->entry_slots, .size = PAGE_SIZE };

		cell->entry_text = page_before(text.va);
		cell->entry_slots = page_before(slots.va);
		pool_free(&pools[POOL_TEXT], POOL_TEXT, &text);
		pool_free(&pools[POOL_CONSTANTS], POOL_CONSTANTS, &slots);
	}
}

void entry_free_all(struct link_cell *cell)
{
	while (cell->entries) {
		struct link_entry *entry = cell->entries;

		cell->entries = entry->next;
		heap_free(entry);
	}
	give_pages(cell);
}

static void write_stub(uintptr_t stub, uintptr_t slot)
{
	uint8_t bytes[STUB_SIZE] = { 0xff, 0x25, 0, 0, 0, 0, 0xcc, 0xcc };
	uint32_t displacement = (uint32_t)(slot - (stub + 6));

	memcpy(bytes + 2, &displacement, sizeof(displacement));
	machine_patch(stub, bytes, sizeof(bytes));
}

static void give_empty_page(struct link_cell *cell)
{
	struct link_extent text = { .va = cell->entry_text, .size = PAGE_SIZE };
	struct link_extent slots = { .va = cell->entry_slots, .size = PAGE_SIZE };
	struct pool *pools = linker_self()->pools;

	cell->entry_text = page_before(text.va);
	cell->entry_slots = page_before(slots.va);
	cell->entry_used = cell->entry_text ? ENTRIES_PER_PAGE : 0;
	pool_free(&pools[POOL_TEXT], POOL_TEXT, &text);
	pool_free(&pools[POOL_CONSTANTS], POOL_CONSTANTS, &slots);
}

static void fill(struct link_cell *cell, struct link_entry *entry, uintptr_t value,
		 struct link_version *version)
{
	entry->stub = cell->entry_text + cell->entry_used * STUB_SIZE;
	entry->slot = cell->entry_slots + cell->entry_used * 8ul;
	entry->value = value;
	entry->version = version;
	cell->entry_used++;
	write_word(entry->slot, value);
	write_stub(entry->stub, entry->slot);
	entry->next = cell->entries;
	cell->entries = entry;
}

/* Pages come last of what may fail, so that a failure leaves none behind. */
int entry_new(struct transaction *transaction, struct link_cell *cell, struct link_export *export,
	      const char *name, uintptr_t value, struct link_version *version,
	      struct link_entry **ret)
{
	OWN(irq_guard, guard) = irq_off();
	OWN(heap_block, block) = OWNER_EMPTY;
	OWN(heap_block, note) = OWNER_EMPTY;
	size_t length = string_length(name) + 1;
	struct created_entry *created;
	struct link_entry *entry;
	int r = heap_block_new(sizeof(*entry) + length, &block);

	if (r == 0)
		r = heap_block_new(sizeof(*created), &note);
	if (r == 0 && (!cell->entry_text || cell->entry_used == ENTRIES_PER_PAGE))
		r = take_pages(cell);
	if (r < 0)
		return transaction_out_of_memory(transaction, cell->name, "an entry");
	entry = heap_block_take(MOVE(block));
	memcpy(entry->name, name, length);
	entry->type_hash = export ? export->type_hash : 0;
	fill(cell, entry, value, version);
	if (export)
		export->entry = entry;
	created = heap_block_take(MOVE(note));
	created->cell = cell;
	created->export = export;
	created->entry = entry;
	created->next = transaction->created;
	transaction->created = created;
	*ret = entry;
	return 0;
}

int entry_of_export(struct transaction *transaction, struct link_export *export,
		    struct link_entry **ret)
{
	if (!export->entry)
		return entry_new(transaction, export->cell, export, export->name, export->value,
				 export->cell->current, ret);
	*ret = export->entry;
	return 0;
}

/* Newest first, so each is the head of its cell's list; its stub's place is used again. */
void entry_undo(struct transaction *transaction)
{
	OWN(irq_guard, guard) = irq_off();

	while (transaction->created) {
		struct created_entry *created = transaction->created;
		struct link_cell *cell = created->cell;

		transaction->created = created->next;
		cell->entries = created->entry->next;
		if (created->export)
			created->export->entry = NULL;
		machine_patch_fill(created->entry->stub, 0xcc, STUB_SIZE);
		write_word(created->entry->slot, 0);
		if (--cell->entry_used == 0)
			give_empty_page(cell);
		heap_free(created->entry);
		heap_free(created);
	}
}

void entry_keep(struct transaction *transaction)
{
	while (transaction->created) {
		struct created_entry *created = transaction->created;

		transaction->created = created->next;
		heap_free(created);
	}
}
