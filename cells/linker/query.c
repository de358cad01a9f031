/* SPDX-License-Identifier: MIT */
/*
 * What is loaded, as copies: for the shell, for backtraces, for swap.
 */
#include "load.h"

#include <clew/irq.h>

#include "base/format.h"
#include "base/string.h"

/* Each walk has a mark of its own, so a cell is counted once. */
static uint32_t count_users(const struct link_cell *cell)
{
	uint32_t mark = ++linker_self()->mark, count = 0;

	for (const struct link_export *export = cell->exports; export; export = export->next) {
		for (const struct link_slot *slot = export->users; slot; slot = slot->next) {
			struct link_cell *user = slot->user->cell;

			count += user != cell && user->mark != mark;
			user->mark = mark;
		}
	}
	return count;
}

static void describe_version(const struct link_version *version, struct cell_info *ret)
{
	const struct link_cell *cell = version->cell;
	bool is_current = cell->current == version;

	*ret = (struct cell_info){
		.id = version->id,
		.ns = cell->ns_id,
		.version = version->number,
		.kind = cell->kind,
		.sections = version->n_sections,
		.users = is_current ? count_users(cell) : 0,
		.bytes = version->text.size + version->constants.size + version->data.size +
			 (is_current ? cell->state.size : 0),
		.state_bytes = cell->state.used,
		.text = version->text.va,
		.constants = version->constants.va,
		.data = version->data.va,
		.state = cell->state.va,
		.text_size = version->text.used,
		.constants_size = version->constants.used,
		.data_size = version->data.used,
		.object = version->object,
		.object_size = version->object_size,
		.current = is_current,
	};
	string_copy(ret->name, sizeof(ret->name), cell->name);
	string_copy(ret->summary, sizeof(ret->summary), cell->summary);
}

CELL_EXPORT int linker_next_cell(uint64_t after, struct cell_info *ret)
{
	OWN(irq_guard, guard) = irq_off();
	const struct link_version *next = NULL;

	for (const struct link_cell *cell = linker_self()->cells; cell; cell = cell->next) {
		for (const struct link_version *version = cell->versions; version;
		     version = version->next) {
			if (version->id > after && (!next || version->id < next->id))
				next = version;
		}
	}
	if (!next)
		return -ENOENT;
	describe_version(next, ret);
	return 0;
}

static void describe_slot(const struct link_slot *slot, struct dependency_info *ret)
{
	string_copy(ret->user, sizeof(ret->user), slot->user->cell->name);
	string_copy(ret->provider, sizeof(ret->provider), slot->target->cell->name);
	string_copy(ret->symbol, sizeof(ret->symbol), slot->target->name);
	ret->user_version = slot->user->number;
	ret->kind = slot->kind;
	ret->slot = slot->va;
}

CELL_EXPORT int linker_dependency(const namespace_ref *ns, const char *name, size_t i,
				  struct dependency_info *ret)
{
	OWN(irq_guard, guard) = irq_off();
	const struct link_cell *cell = record_cell_find(namespace_of(ns), name);

	if (!cell)
		return -ENOENT;
	for (const struct link_version *version = cell->versions; version;
	     version = version->next) {
		if (i < version->n_slots) {
			describe_slot(&version->slots[i], ret);
			return 0;
		}
		i -= version->n_slots;
	}
	for (const struct link_export *export = cell->exports; export; export = export->next) {
		for (const struct link_slot *slot = export->users; slot; slot = slot->next) {
			if (i-- == 0) {
				describe_slot(slot, ret);
				return 0;
			}
		}
	}
	return -ENOENT;
}

CELL_EXPORT int linker_symbol_at(const namespace_ref *ns, size_t i, struct symbol_info *ret)
{
	OWN(irq_guard, guard) = irq_off();
	const struct link_export *export = namespace_export(namespace_of(ns), (uint32_t)i);

	if (!export)
		return -ENOENT;
	string_copy(ret->name, sizeof(ret->name), export->name);
	string_copy(ret->cell, sizeof(ret->cell), export->cell->name);
	ret->address = export->value;
	ret->users = export->n_users;
	ret->is_function = export->is_function;
	ret->type_hash = export->type_hash;
	return 0;
}

CELL_EXPORT const struct link_version *linker_version_at(uintptr_t address)
{
	const struct linker_state *self = linker_self();
	const struct pool *text = &self->pools[POOL_TEXT];
	uintptr_t page = (address - text->start) >> PAGE_SHIFT;

	if (address < text->start || page >= text->pages)
		return NULL;
	return self->text_owner[page];
}

CELL_EXPORT const struct link_function *linker_function_at(const struct link_version *version,
							   uintptr_t address)
{
	uint64_t offset = address - version->text.va;
	uint32_t low = 0, high = version->n_functions;

	/* The last function that starts at or before the offset. */
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (version->functions[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &version->functions[low - 1] : NULL;
}

static const struct link_entry *stub_at(uintptr_t address, const struct link_cell **ret_cell)
{
	for (const struct link_cell *cell = linker_self()->cells; cell; cell = cell->next) {
		for (const struct link_entry *entry = cell->entries; entry; entry = entry->next) {
			if (address - entry->stub < 8) {
				*ret_cell = cell;
				return entry;
			}
		}
	}
	return NULL;
}

CELL_EXPORT int linker_place(uintptr_t address, struct place *ret)
{
	const struct link_version *version = linker_version_at(address);
	const struct link_cell *cell = NULL;
	const struct link_function *function;
	const struct link_entry *entry;

	if (version) {
		function = linker_function_at(version, address);
		string_copy(ret->cell, sizeof(ret->cell), version->cell->name);
		ret->version = version->number;
		string_copy(ret->symbol, sizeof(ret->symbol),
			    function ? version->strings + function->name : "");
		ret->offset = address - version->text.va - (function ? function->start : 0);
		return 0;
	}
	entry = stub_at(address, &cell);
	if (!entry)
		return -ENOENT;
	string_copy(ret->cell, sizeof(ret->cell), cell->name);
	ret->version = 0;
	string_copy(ret->symbol, sizeof(ret->symbol), entry->name);
	ret->offset = 0;
	return 0;
}

CELL_EXPORT int linker_pool(size_t i, struct pool_info *ret)
{
	static const char *const names[POOLS] = { "text", "constants", "data" };
	const struct linker_state *self = linker_self();

	if (i >= POOLS)
		return -ENOENT;
	ret->name = names[i];
	ret->start = self->pools[i].start;
	ret->size = self->pools[i].pages * PAGE_SIZE;
	ret->used = self->pools[i].used * PAGE_SIZE;
	return 0;
}

CELL_EXPORT bool linker_page_is_used(uintptr_t address)
{
	const struct linker_state *self = linker_self();

	for (int kind = 0; kind < POOLS; kind++) {
		uint64_t page = (address - self->pools[kind].start) >> PAGE_SHIFT;

		if (address >= self->pools[kind].start && page < self->pools[kind].pages)
			return pool_is_used(&self->pools[kind], (uint32_t)page);
	}
	return true;
}
