/* SPDX-License-Identifier: MIT */
/*
 * Another version of a loaded cell: prepared, admitted, and retired.
 *
 * Whether it may replace the cell, and the replacing itself, is cells/swap's.
 */
#include "load.h"

#include <clew/irq.h>

#include "base/string.h"

OWN_IMPLEMENTS(linker_successor, "the word is the record of the transaction");

/* ---- entries that it takes over ------------------------------------------ */

static bool is_own_function(const struct loading *loading, uint32_t symbol)
{
	uint32_t section = elf_symbol_section(&loading->elf, symbol);

	return ELF64_ST_TYPE(loading->elf.symbols[symbol].st_info) == STT_FUNC &&
	       section != SHN_UNDEF && section < loading->elf.n_sections;
}

/* Open addressing; at most half of the places are taken. */
static struct link_entry **place_of(struct link_entry **table, uint32_t n_places, const char *name)
{
	uint32_t at = (uint32_t)string_hash(name) & (n_places - 1);

	while (table[at] && !string_equal(table[at]->name, name))
		at = (at + 1) & (n_places - 1);
	return &table[at];
}

int successor_find_entries(struct transaction *transaction, struct loading *loading)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	struct link_entry **table;
	uint32_t n_places = 2;

	if (loading->is_new_cell || !loading->cell->entries)
		return 0;
	for (const struct link_entry *entry = loading->cell->entries; entry; entry = entry->next)
		n_places += 2;
	n_places = 1u << (32 - __builtin_clz(n_places));
	if (heap_block_new(n_places * sizeof(*table), &block) < 0)
		return transaction_out_of_memory(transaction, loading->cell->name,
						 "an index of the cell's entries");
	table = heap_block_at(&block);
	for (struct link_entry *entry = loading->cell->entries; entry; entry = entry->next)
		*place_of(table, n_places, entry->name) = entry;
	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		char name[ENTRY_NAME_MAX];

		if (!is_own_function(loading, i))
			continue;
		entry_name(loading, i, name);
		loading->entries[i] = *place_of(table, n_places, name);
	}
	return 0;
}

/* An entry follows the function that has its name, when that has its type. */
static bool follows(struct loading *loading, uint32_t symbol)
{
	const struct link_entry *entry = loading->entries[symbol];

	return entry && entry->version != loading->version &&
	       resolve_type_of_entry(loading, entry->name) == entry->type_hash;
}

int successor_list_entries(struct transaction *transaction, struct loading *loading)
{
	struct link_version *version = loading->version;
	uint32_t count = 0;

	if (loading->is_new_cell)
		return 0;
	for (uint32_t i = 1; i < loading->elf.n_symbols; i++)
		count += follows(loading, i);
	if (count == 0)
		return 0;
	version->entry_values = heap_alloc(count * sizeof(*version->entry_values));
	if (!version->entry_values)
		return transaction_out_of_memory(transaction, loading->cell->name,
						 "the list of entries");
	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		if (!follows(loading, i))
			continue;
		version->entry_values[version->n_entry_values++] = (struct link_entry_value){
			.entry = loading->entries[i],
			.value = loading->symbols[i].call,
		};
	}
	return 0;
}

/* ---- for swap --------------------------------------------------------------- */

struct successor {
	struct transaction transaction;
	linker_lock lock;
};

static struct successor *successor_of(const linker_successor *owner)
{
	return (struct successor *)(uintptr_t)owner->word;
}

CELL_EXPORT void linker_successor_cleanup(linker_successor *place)
{
	struct successor *successor = successor_of(place);

	place->word = 0;
	if (!successor)
		return;
	transaction_cleanup(&successor->transaction);
	linker_lock_cleanup(&successor->lock);
	heap_free(successor);
}

CELL_EXPORT int linker_prepare(const namespace_ref *ns, const char *name, const char *file,
			       const void *bytes, size_t size, linker_successor *ret,
			       struct diag *reterr)
{
	OWN(linker_successor, owner) = OWNER_EMPTY;
	struct successor *successor = heap_alloc(sizeof(*successor));
	struct link_cell *cell;
	int r;

	if (!successor) {
		diag_fill(reterr, name, "out of memory", "a transaction's record", "");
		return -ENOMEM;
	}
	transaction_init(&successor->transaction, reterr);
	owner.word = (uintptr_t)successor;
	PUT(successor->lock, linker_lock_take());
	cell = record_cell_find(namespace_of(ns), name);
	if (!cell) {
		diag_fill(reterr, name, "cell is not loaded", "the name of a cell", name);
		return -ENOENT;
	}
	r = transaction_add(&successor->transaction, cell->ns, cell, file, bytes, size);
	if (r == 0)
		r = transaction_link(&successor->transaction);
	if (r < 0)
		return r;
	PUT(*ret, MOVE(owner));
	return 0;
}

CELL_EXPORT struct link_version *linker_successor_version(const linker_successor *successor)
{
	return successor_of(successor)->transaction.first->version;
}

CELL_EXPORT int linker_admit(linker_successor *owner, struct diag *reterr)
{
	struct successor *successor = successor_of(owner);

	successor->transaction.reterr = reterr;
	return transaction_publish(&successor->transaction);
}

CELL_EXPORT int linker_retire(struct link_version *version)
{
	struct link_cell *cell = version->cell;

	if (linker_self()->busy)
		return -EBUSY;
	/* Words of the state stay in use: by the version that adopted it. */
	for (uint32_t i = 0; i < cell->n_state_slots; i++)
		cell->state_slots[i].user = cell->current;
	record_version_free(version);
	return 0;
}

CELL_EXPORT void linker_prune(struct link_cell *cell)
{
	OWN(irq_guard, guard) = irq_off();
	struct link_export **at = &cell->exports;

	while (*at) {
		struct link_export *export = *at;

		if (export->value || export->users || export->entry) {
			at = &export->next;
			continue;
		}
		namespace_withdraw(cell->ns, export);
		*at = export->next;
		record_export_free(export);
	}
}

CELL_EXPORT struct link_version *linker_next_replaced(uint64_t after)
{
	OWN(irq_guard, guard) = irq_off();
	struct link_version *next = NULL;

	for (struct link_cell *cell = linker_self()->cells; cell; cell = cell->next) {
		for (struct link_version *version = cell->versions; version;
		     version = version->next) {
			if (version != cell->current && version->id > after &&
			    (!next || version->id < next->id))
				next = version;
		}
	}
	return next;
}
