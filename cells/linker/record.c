/* SPDX-License-Identifier: MIT */
/*
 * Makes, finds and frees the records of link/record.h.  What is reachable
 * from the cell list is changed with interrupts off.
 */
#include "load.h"

#include <clew/irq.h>

#include "base/string.h"

int record_cell_new(struct namespace *ns, const char *name, struct link_cell **ret)
{
	struct link_cell *cell = heap_alloc(sizeof(*cell));

	if (!cell)
		return -ENOMEM;
	cell->ns = ns;
	cell->ns_id = namespace_id(ns);
	string_copy(cell->name, sizeof(cell->name), name);
	*ret = cell;
	return 0;
}

void record_cell_free(struct link_cell *cell)
{
	struct pool *pools = linker_self()->pools;

	while (cell->exports) {
		struct link_export *export = cell->exports;

		cell->exports = export->next;
		record_export_free(export);
	}
	for (uint32_t i = 0; i < cell->n_state_slots; i++)
		record_slot_detach(&cell->state_slots[i]);
	heap_free(cell->state_slots);
	heap_free(cell->fields);
	pool_free(&pools[POOL_DATA], POOL_DATA, &cell->state);
	entry_free_all(cell);
	namespace_ref_cleanup(&cell->dismissed);
	heap_free(cell);
}

int record_version_new(struct link_cell *cell, struct link_version **ret)
{
	struct link_version *version = heap_alloc(sizeof(*version));

	if (!version)
		return -ENOMEM;
	version->cell = cell;
	*ret = version;
	return 0;
}

static void forget_text(const struct link_version *version)
{
	struct linker_state *self = linker_self();
	size_t page = (version->text.va - self->pools[POOL_TEXT].start) >> PAGE_SHIFT;

	for (size_t i = 0; i < version->text.size >> PAGE_SHIFT; i++) {
		if (self->text_owner[page + i] == version)
			self->text_owner[page + i] = NULL;
	}
}

void record_version_free(struct link_version *version)
{
	OWN(irq_guard, guard) = irq_off();
	struct linker_state *self = linker_self();
	struct link_version **at = &version->cell->versions;

	for (; *at; at = &(*at)->next) {
		if (*at == version) {
			*at = version->next;
			break;
		}
	}
	if (version->text.va) {
		forget_text(version);
		machine_image_freed(version->text.va);
	}
	for (uint32_t i = 0; i < version->n_slots; i++)
		record_slot_detach(&version->slots[i]);
	pool_free(&self->pools[POOL_TEXT], POOL_TEXT, &version->text);
	pool_free(&self->pools[POOL_CONSTANTS], POOL_CONSTANTS, &version->constants);
	pool_free(&self->pools[POOL_DATA], POOL_DATA, &version->data);
	heap_free(version->slots);
	heap_free(version->tables);
	heap_free(version->entry_values);
	heap_free(version->tags);
	heap_free(version);
}

struct link_batch {
	uint64_t users; /* exports in it, and who fills it */
	uint64_t used;	/* bytes */
	uint8_t bytes[];
};

size_t record_export_size(size_t name_length)
{
	size_t align = _Alignof(struct link_export);

	return (sizeof(struct link_export) + name_length + align) & -align;
}

int record_batch_new(size_t bytes, struct link_batch **ret)
{
	struct link_batch *batch = heap_alloc(sizeof(*batch) + bytes);

	if (!batch)
		return -ENOMEM;
	batch->users = 1;
	*ret = batch;
	return 0;
}

void record_batch_unref(struct link_batch *batch)
{
	OWN(irq_guard, guard) = irq_off();

	if (batch && --batch->users == 0)
		heap_free(batch);
}

void record_export_free(struct link_export *export)
{
	record_batch_unref(export->batch);
}

/* Its maker only knows of the batch, so far. */
static struct link_export *take_export(struct link_batch *batch, size_t size)
{
	struct link_export *export = (struct link_export *)(batch->bytes + batch->used);

	batch->users++;
	batch->used += size;
	export->batch = batch;
	return export;
}

int record_export_new(struct link_cell *cell, struct link_batch *batch,
		      const struct note_query *name, struct link_export **ret)
{
	size_t size = record_export_size(name->length);
	struct link_batch *own = NULL;
	struct link_export *export;
	int r = batch ? 0 : record_batch_new(size, &own);

	if (r < 0)
		return r;
	export = take_export(batch ? batch : own, size);
	if (own)
		record_batch_unref(own);
	memcpy(export->name, name->name, name->length + 1);
	export->name_hash = name->hash;
	export->cell = cell;
	export->next = cell->exports;
	cell->exports = export;
	*ret = export;
	return 0;
}

bool record_is_in_state(const struct link_cell *cell, uintptr_t value)
{
	return value - cell->state.va < cell->state.size;
}

struct link_cell *record_cell_find(const struct namespace *ns, const char *name)
{
	OWN(irq_guard, guard) = irq_off();
	struct link_cell *cell = linker_self()->cells;

	while (cell && (cell->ns != ns || !string_equal(cell->name, name)))
		cell = cell->next;
	return cell;
}

void record_slot_attach(struct link_slot *slot)
{
	struct link_export *target = slot->target;

	slot->prev = NULL;
	slot->next = target->users;
	if (target->users)
		target->users->prev = slot;
	target->users = slot;
	target->n_users++;
}

/* Accepts a slot that was never attached. */
void record_slot_detach(struct link_slot *slot)
{
	struct link_export *target = slot->target;

	if (!target || (target->users != slot && !slot->prev))
		return;
	if (slot->prev)
		slot->prev->next = slot->next;
	else
		target->users = slot->next;
	if (slot->next)
		slot->next->prev = slot->prev;
	slot->next = slot->prev = NULL;
	target->n_users--;
}

const struct link_cell *record_user(const struct link_cell *cell)
{
	for (const struct link_export *export = cell->exports; export; export = export->next) {
		for (const struct link_slot *slot = export->users; slot; slot = slot->next) {
			if (slot->user->cell != cell)
				return slot->user->cell;
		}
	}
	return NULL;
}

static bool is_function(const struct loading *loading, uint32_t symbol)
{
	uint32_t section = elf_symbol_section(&loading->elf, symbol);

	return ELF64_ST_TYPE(loading->elf.symbols[symbol].st_info) == STT_FUNC &&
	       section != SHN_UNDEF && section < loading->elf.n_sections &&
	       loading->sections[section].pool == LINK_TEXT;
}

static bool is_sorted(const struct link_function *functions, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		if (functions[i].start < functions[i - 1].start)
			return false;
	}
	return true;
}

static void sort_functions(struct link_function *functions, uint32_t count)
{
	if (is_sorted(functions, count))
		return;
	/* Shell sort: in place, no recursion, and fast enough for 10,000 names. */
	for (uint32_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
		for (uint32_t i = gap; i < count; i++) {
			struct link_function moved = functions[i];
			uint32_t k = i;

			for (; k >= gap && functions[k - gap].start > moved.start; k -= gap)
				functions[k] = functions[k - gap];
			functions[k] = moved;
		}
	}
}

static uint32_t name_length(const struct loading *loading, uint32_t symbol)
{
	if (loading->symbols[symbol].name_hash)
		return loading->symbols[symbol].name_length;
	return (uint32_t)string_length_within(elf_symbol_name(&loading->elf, symbol),
					      elf_symbol_name_room(&loading->elf, symbol));
}

/* Counts functions, of each section by its mark, and the bytes of their names. */
static void count_functions(struct loading *loading)
{
	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		if (!is_function(loading, i))
			continue;
		loading->n_functions++;
		loading->sections[elf_symbol_section(&loading->elf, i)].mark++;
		loading->function_names += name_length(loading, i) + 1;
	}
}

/* At least the FDEs that there will be, unless relocations make more of them. */
static size_t count_unwind(const struct loading *loading)
{
	size_t count = 0;

	for (uint32_t i = 1; i < loading->elf.n_sections; i++) {
		uint64_t offset = loading->sections[i].offset;

		if (loading->sections[i].pool == LINK_CONST &&
		    elf_has_contents(&loading->elf.sections[i]) &&
		    offset - loading->object.eh_frame < loading->object.eh_frame_size)
			count += unwind_index_max(elf_section_data(&loading->elf, i),
						  loading->elf.sections[i].sh_size);
	}
	return count;
}

int record_tables_new(struct loading *loading, uint32_t n_definitions)
{
	struct link_version *version = loading->version;
	size_t definitions = n_definitions * sizeof(*version->definitions), unwind, functions;
	uint8_t *at;

	count_functions(loading);
	loading->max_unwind = count_unwind(loading);
	unwind = loading->max_unwind * sizeof(*version->unwind);
	functions = loading->n_functions * sizeof(*version->functions);
	/* Never nothing: without a table, what relocations make of .eh_frame would only be counted.
	 */
	at = heap_alloc(definitions + unwind + functions + loading->function_names + 1);
	if (!at)
		return -ENOMEM;
	version->tables = at;
	version->definitions = (struct link_definition *)at;
	version->unwind = (struct unwind_entry *)(at += definitions);
	version->functions = (struct link_function *)(at += unwind);
	version->strings = (char *)(at + functions);
	return 0;
}

/* Sections of text lie in their order: marks become the places of their first functions. */
static void place_functions(struct loading *loading)
{
	uint32_t place = 0;

	for (uint32_t i = 1; i < loading->elf.n_sections; i++) {
		uint32_t count = loading->sections[i].mark;

		loading->sections[i].mark = place;
		place += count;
	}
}

void record_functions(struct loading *loading)
{
	struct link_version *version = loading->version;
	uint32_t text = 0;

	place_functions(loading);
	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		const char *name = elf_symbol_name(&loading->elf, i);
		uint32_t length, section = elf_symbol_section(&loading->elf, i);

		if (!is_function(loading, i))
			continue;
		length = name_length(loading, i) + 1;
		version->functions[loading->sections[section].mark++] = (struct link_function){
			.start = (uint32_t)(loading->symbols[i].call - version->text.va),
			.size = (uint32_t)loading->elf.symbols[i].st_size,
			.name = text,
		};
		memcpy(version->strings + text, name, length);
		text += length;
	}
	version->n_functions = loading->n_functions;
	sort_functions(version->functions, version->n_functions);
}
