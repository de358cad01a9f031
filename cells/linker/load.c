/* SPDX-License-Identifier: MIT */
/*
 * The transaction that brings objects in: read, lay out, resolve, relocate,
 * seal, publish.  Every block it takes hangs on a record from the moment it
 * exists, so that transaction_cleanup() undoes any half of it.
 */
#include "load.h"

#include <clew/irq.h>
#include <clew/log.h>

#include "base/format.h"
#include "base/string.h"

void transaction_init(struct transaction *transaction, struct diag *reterr)
{
	*transaction = (struct transaction){ .reterr = reterr };
	transaction->last = &transaction->first;
}

static void loading_free(struct loading *loading)
{
	linker_scratch_free(loading->images);
	linker_scratch_free(loading->tables);
	linker_scratch_free(loading->words);
	record_batch_unref(loading->batch);
	heap_free(loading);
}

/* Exports that only this version would have brought. */
static void forget_new_exports(struct link_cell *cell)
{
	struct link_export **at = &cell->exports;

	while (*at) {
		struct link_export *export = *at;

		if (export->is_published) {
			at = &export->next;
			continue;
		}
		*at = export->next;
		record_export_free(export);
	}
}

void transaction_cleanup(struct transaction *transaction)
{
	entry_undo(transaction);
	/* Slots first: an export may belong to a cell of this very transaction. */
	for (struct loading *loading = transaction->first; loading; loading = loading->next) {
		if (loading->version)
			record_version_free(loading->version);
		loading->version = NULL;
	}
	while (transaction->first) {
		struct loading *loading = transaction->first;

		transaction->first = loading->next;
		if (loading->cell && loading->is_new_cell) {
			loading->cell->n_state_slots = 0; /* none was attached */
			record_cell_free(loading->cell);
		}
		if (loading->cell && !loading->is_new_cell)
			forget_new_exports(loading->cell);
		loading_free(loading);
	}
	transaction->last = &transaction->first;
}

/* After publishing: the records stay, the scaffolding goes. */
static void transaction_finish(struct transaction *transaction)
{
	entry_keep(transaction);
	while (transaction->first) {
		struct loading *loading = transaction->first;

		transaction->first = loading->next;
		loading_free(loading);
	}
	transaction->last = &transaction->first;
}

static int identify(struct transaction *transaction, struct loading *loading,
		    struct link_cell *identity, const char *file)
{
	char name[CELL_NAME_MAX];
	int r = note_read(&loading->elf, &loading->note, transaction->reterr);

	if (r < 0)
		return r;
	loading->is_foreign = r == NOTE_E_FOREIGN;
	if (loading->is_foreign)
		archive_name_of(file, name);
	else
		string_copy(name, sizeof(name),
			    note_string(&loading->note, loading->note.header->name));
	if (identity) {
		loading->cell = identity;
		return 0;
	}
	if (record_cell_find(loading->ns, name)) {
		diag_fill(transaction->reterr, name, "cell is loaded already", "another identity",
			  name);
		return -EALREADY;
	}
	loading->is_new_cell = true;
	r = record_cell_new(loading->ns, name, &loading->cell);
	if (r < 0)
		return transaction_out_of_memory(transaction, name, "a cell's record");
	if (!loading->is_foreign) {
		loading->cell->kind = loading->note.header->kind;
		loading->cell->state_hash = loading->note.header->state_hash;
		string_copy(loading->cell->summary, CELL_SUMMARY_MAX,
			    note_string(&loading->note, loading->note.header->summary));
	}
	return 0;
}

/* Another version must be the same cell, with a state of the same layout. */
static int check_successor(struct transaction *transaction, const struct loading *loading)
{
	const struct link_cell *cell = loading->cell;
	const char *name;
	char expected[72], found[72];

	if (loading->is_new_cell)
		return 0;
	if (loading->is_foreign || cell->kind == 0) {
		diag_fill(transaction->reterr, cell->name, "a foreign object cannot replace a cell",
			  "an object recorded by cellc", loading->elf.name);
		return -EPERM;
	}
	name = note_string(&loading->note, loading->note.header->name);
	if (!string_equal(name, cell->name)) {
		diag_fill(transaction->reterr, cell->name, "the object is another cell", cell->name,
			  name);
		return -EPERM;
	}
	if (loading->note.header->state_hash == cell->state_hash &&
	    loading->note.header->state_size == cell->state.used)
		return 0;
	if (!fields_difference(cell, &loading->note, expected, found, sizeof(expected))) {
		format_text(expected, sizeof(expected), "%016lx, %lu bytes", cell->state_hash,
			    cell->state.used);
		format_text(found, sizeof(found), "%016lx, %lu bytes",
			    loading->note.header->state_hash, loading->note.header->state_size);
	}
	diag_fill(transaction->reterr, cell->name, "layout of the state differs", expected, found);
	string_copy(transaction->reterr->symbol, sizeof(transaction->reterr->symbol),
		    note_string(&loading->note, loading->note.header->state_symbol));
	return -EPERM;
}

/* The state's hash speaks of a layout; what is adopted must have its size. */
static int check_state(struct transaction *transaction, const struct loading *loading)
{
	uint64_t size = loading->object.size[LINK_STATE];
	char expected[72], found[72];

	if (loading->is_foreign || size == loading->note.header->state_size)
		return 0;
	format_text(expected, sizeof(expected), "%lu bytes", loading->note.header->state_size);
	format_text(found, sizeof(found), "%lu bytes", size);
	diag_fill(transaction->reterr, loading->cell->name,
		  "the state has another size than its record says", expected, found);
	return -ENOEXEC;
}

static int take_tables(struct loading *loading)
{
	size_t n_symbols = loading->elf.n_symbols + 1ul;
	size_t n_noted = loading->is_foreign ? 0 : loading->note.header->n_symbols;
	size_t sections = loading->elf.n_sections * sizeof(*loading->sections);
	size_t symbols = n_symbols * sizeof(*loading->symbols);
	size_t pointers = n_symbols * sizeof(void *);
	size_t noted = n_noted * sizeof(*loading->note_first);
	uint8_t *at = linker_scratch_take(sections + symbols + 3 * pointers + 2 * noted);

	if (!at)
		return -ENOMEM;
	loading->tables = at;
	loading->sections = (struct link_section *)at;
	loading->symbols = (struct link_symbol *)(at += sections);
	loading->targets = (struct link_export **)(at += symbols);
	loading->exports = (struct link_export **)(at += pointers);
	loading->entries = (struct link_entry **)(at += pointers);
	loading->note_first = (uint32_t *)(at += pointers);
	loading->note_next = (uint32_t *)(at + noted);
	return 0;
}

static int lay_out(struct transaction *transaction, struct loading *loading)
{
	const char *state = NULL;
	int r = take_tables(loading);

	if (r < 0)
		return transaction_out_of_memory(transaction, loading->elf.name,
						 "tables of the object's symbols");
	if (!loading->is_foreign && loading->note.header->state_hash)
		state = note_string(&loading->note, loading->note.header->state_symbol);
	r = link_layout(&loading->object, &loading->elf, state, loading->sections, loading->symbols,
			transaction->reterr);
	if (r == 0)
		r = check_state(transaction, loading);
	return r;
}

/* Sizes are at most 1 GiB each. */
static int take_images(struct loading *loading)
{
	uint64_t text = (loading->object.size[LINK_TEXT] + 15) & ~15ull;
	uint64_t constants = loading->object.size[LINK_CONST];

	if (text + constants == 0)
		return 0;
	loading->images = linker_scratch_take(text + constants);
	if (!loading->images)
		return -ENOMEM;
	loading->object.image[LINK_TEXT] = text ? loading->images : NULL;
	loading->object.image[LINK_CONST] = constants ? loading->images + text : NULL;
	return 0;
}

/* Data and state are written in place: nobody knows of them before the object is published. */
static int take_memory(struct transaction *transaction, struct loading *loading)
{
	struct pool *pools = linker_self()->pools;
	struct link_object *object = &loading->object;
	struct link_version *version = loading->version;
	struct link_cell *cell = loading->cell;
	int r = pool_alloc(&pools[POOL_TEXT], object->size[LINK_TEXT], &version->text);

	if (r == 0)
		r = pool_alloc(&pools[POOL_CONSTANTS], object->size[LINK_CONST],
			       &version->constants);
	if (r == 0)
		r = pool_alloc(&pools[POOL_DATA], object->size[LINK_DATA], &version->data);
	if (r == 0 && loading->is_new_cell)
		r = pool_alloc(&pools[POOL_DATA], object->size[LINK_STATE], &cell->state);
	if (r == 0)
		r = take_images(loading);
	if (r < 0)
		return transaction_out_of_memory(transaction, cell->name,
						 "room in the arena's pools or the heap");
	object->base[LINK_TEXT] = version->text.va;
	object->base[LINK_CONST] = version->constants.va;
	object->base[LINK_DATA] = version->data.va;
	object->base[LINK_STATE] = cell->state.va;
	object->image[LINK_DATA] = (uint8_t *)version->data.va;
	if (loading->is_new_cell)
		object->image[LINK_STATE] = (uint8_t *)cell->state.va;
	link_place(object);
	return 0;
}

int transaction_add(struct transaction *transaction, struct namespace *ns,
		    struct link_cell *identity, const char *file, const void *bytes, size_t size)
{
	struct loading *loading = heap_alloc(sizeof(*loading));
	int r;

	if (!loading)
		return transaction_out_of_memory(transaction, file, "the object's record");
	*transaction->last = loading;
	transaction->last = &loading->next;
	loading->ns = ns;
	r = elf_open(&loading->elf, file, bytes, size, transaction->reterr);
	if (r == 0)
		r = identify(transaction, loading, identity, file);
	if (r == 0)
		r = check_successor(transaction, loading);
	if (r == 0)
		r = lay_out(transaction, loading);
	if (r == 0 && record_version_new(loading->cell, &loading->version) < 0)
		r = transaction_out_of_memory(transaction, file, "the version's record");
	if (r < 0)
		return r;
	loading->version->is_foreign = loading->is_foreign;
	loading->version->number = loading->is_foreign ? 0 : loading->note.header->version;
	loading->version->n_sections = loading->object.n_placed;
	if (archive_has(bytes, size)) {
		loading->version->object = bytes;
		loading->version->object_size = size;
	}
	if (loading->is_new_cell)
		loading->cell->current = loading->version;
	r = take_memory(transaction, loading);
	if (r == 0)
		r = successor_find_entries(transaction, loading);
	if (r == 0)
		r = provide_exports(transaction, loading);
	if (r == 0)
		r = tags_record(transaction, loading);
	if (r == 0)
		r = fields_record(transaction, loading);
	return r;
}

static int index_unwind(struct transaction *transaction, struct loading *loading)
{
	const struct link_object *object = &loading->object;
	const uint8_t *constants = object->image[LINK_CONST], *bytes;
	uint64_t lsda = object->base[LINK_CONST] + object->lsda;
	uint64_t at = object->base[LINK_CONST] + object->eh_frame;
	struct link_version *version = loading->version;
	int r;

	if (object->eh_frame_size == 0)
		return 0;
	bytes = constants + object->eh_frame;
	r = unwind_index(bytes, object->eh_frame_size, at, lsda, lsda + object->lsda_size,
			 version->unwind, loading->max_unwind, &version->n_unwind,
			 transaction->reterr);
	if (r == -ENOSPC) {
		diag_fill(transaction->reterr, "", "relocations make more FDEs",
			  "as many as before", "");
		r = -EBADMSG;
	}
	if (r == 0)
		r = unwind_check_lsdas(constants, object->size[LINK_CONST],
				       object->base[LINK_CONST], version->unwind, version->n_unwind,
				       transaction->reterr);
	if (r < 0) {
		string_copy(transaction->reterr->cell, sizeof(transaction->reterr->cell),
			    loading->cell->name);
		string_copy(transaction->reterr->section, sizeof(transaction->reterr->section),
			    ".eh_frame");
	}
	return r;
}

static uint32_t count_slots(const struct loading *loading)
{
	uint32_t count = loading->object.n_words;

	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		if (loading->targets[i])
			count += (loading->symbols[i].call_slot != 0) +
				 (loading->symbols[i].address_slot != 0) +
				 ((loading->symbols[i].flags & LINK_DIRECT) != 0);
	}
	return count;
}

static void add_slot(struct loading *loading, uintptr_t va, uint32_t kind, int64_t addend,
		     uint32_t symbol)
{
	struct link_version *version = loading->version;

	version->slots[version->n_slots++] = (struct link_slot){
		.va = va,
		.kind = kind,
		.addend = addend,
		.target = loading->targets[symbol],
		.user = version,
	};
}

/* A slot that follows a function's address never changes; one of data may. */
static uint32_t address_kind(const struct loading *loading, uint32_t symbol)
{
	return loading->targets[symbol]->is_function ? LINK_SLOT_ADDRESS : LINK_SLOT_DATA;
}

static void record_slots(struct loading *loading)
{
	uintptr_t got = loading->object.base[LINK_CONST] + loading->object.got;

	for (uint32_t i = 1; i < loading->elf.n_symbols; i++) {
		const struct link_symbol *symbol = &loading->symbols[i];

		if (!loading->targets[i])
			continue;
		if (symbol->call_slot)
			add_slot(loading, got + (symbol->call_slot - 1) * 8ul, LINK_SLOT_CALL, 0,
				 i);
		if (symbol->address_slot)
			add_slot(loading, got + (symbol->address_slot - 1) * 8ul,
				 address_kind(loading, i), 0, i);
		/* A displacement to an entry: no word to follow, but a use. */
		if (symbol->flags & LINK_DIRECT)
			add_slot(loading, 0, LINK_SLOT_ADDRESS, 0, i);
	}
}

/* Words in the state live as long as the cell, the others as long as the version. */
static int record_words(struct transaction *transaction, struct loading *loading)
{
	struct link_cell *cell = loading->cell;
	uint32_t in_state = 0;

	for (uint32_t i = 0; i < loading->object.n_words; i++)
		in_state += loading->words[i].va && record_is_in_state(cell, loading->words[i].va);
	if (in_state > 0 && loading->is_new_cell) {
		cell->state_slots = heap_alloc(in_state * sizeof(struct link_slot));
		if (!cell->state_slots)
			return transaction_out_of_memory(transaction, cell->name,
							 "the list of the state's words");
	}
	for (uint32_t i = 0; i < loading->object.n_words; i++) {
		const struct link_word *word = &loading->words[i];

		if (word->va == 0 || !loading->targets[word->symbol])
			continue;
		if (!record_is_in_state(cell, word->va))
			add_slot(loading, word->va, address_kind(loading, word->symbol),
				 word->addend, word->symbol);
		else
			cell->state_slots[cell->n_state_slots++] = (struct link_slot){
				.va = word->va,
				.kind = address_kind(loading, word->symbol),
				.addend = word->addend,
				.target = loading->targets[word->symbol],
				.user = loading->version,
			};
	}
	return 0;
}

static int relocate(struct transaction *transaction, struct loading *loading)
{
	uint32_t n_slots = count_slots(loading);
	int r;

	loading->words =
		linker_scratch_take((loading->object.n_words + 1ul) * sizeof(*loading->words));
	loading->version->slots = heap_alloc((n_slots + 1ul) * sizeof(struct link_slot));
	if (!loading->words || !loading->version->slots)
		return transaction_out_of_memory(transaction, loading->cell->name,
						 "the list of slots");
	r = link_relocate(&loading->object, loading->words, transaction->reterr);
	if (r == 0)
		r = record_words(transaction, loading);
	if (r < 0)
		return r;
	record_slots(loading);
	r = index_unwind(transaction, loading);
	if (r == 0)
		r = successor_list_entries(transaction, loading);
	if (r == 0)
		record_functions(loading);
	return r;
}

static void tell_machine(const struct loading *loading)
{
	const struct link_object *object = &loading->object;
	struct machine_image image = {
		.object = loading->elf.bytes,
		.size = loading->elf.size,
	};

	_Static_assert(sizeof(image.pools) == sizeof(object->base), "a word for each pool");
	memcpy(image.pools, object->base, sizeof(image.pools));
	machine_image_linked(&image);
}

static void seal(const struct loading *loading)
{
	const struct link_object *object = &loading->object;

	if (object->size[LINK_TEXT]) {
		uint64_t size = object->size[LINK_TEXT];

		machine_patch_fill(loading->version->text.va + size, 0xcc,
				   loading->version->text.size - size);
		machine_patch(object->base[LINK_TEXT], object->image[LINK_TEXT],
			      object->size[LINK_TEXT]);
	}
	if (object->size[LINK_CONST])
		machine_patch(object->base[LINK_CONST], object->image[LINK_CONST],
			      object->size[LINK_CONST]);
	tell_machine(loading);
}

int transaction_link(struct transaction *transaction)
{
	int r = 0;

	/* Resolving may add to the end of the list. */
	for (struct loading *loading = transaction->first; loading && r == 0;
	     loading = loading->next)
		r = resolve_needs(transaction, loading);
	for (struct loading *loading = transaction->first; loading && r == 0;
	     loading = loading->next)
		r = tags_check(transaction, loading);
	for (struct loading *loading = transaction->first; loading && r == 0;
	     loading = loading->next)
		r = resolve_entries(transaction, loading);
	for (struct loading *loading = transaction->first; loading && r == 0;
	     loading = loading->next)
		r = relocate(transaction, loading);
	if (r < 0)
		return r;
	for (struct loading *loading = transaction->first; loading; loading = loading->next)
		seal(loading);
	return 0;
}

/* Room for everything first, so that publishing cannot fail half way. */
static int reserve_room(const struct transaction *transaction)
{
	uint32_t count = 0;
	int r = 0;

	for (const struct loading *loading = transaction->first; loading; loading = loading->next) {
		for (uint32_t i = 0; i < loading->version->n_definitions; i++)
			count += !loading->version->definitions[i].export->is_published;
	}
	for (const struct loading *loading = transaction->first; loading && r == 0;
	     loading = loading->next)
		r = namespace_reserve(loading->ns, count);
	return r;
}

static void publish_exports(struct loading *loading)
{
	for (uint32_t i = 0; i < loading->version->n_definitions; i++) {
		struct link_export *export = loading->version->definitions[i].export;

		if (export->is_published)
			continue;
		namespace_publish(loading->ns, export);
		export->is_published = true;
	}
}

/* Not there in nano_core, whose loads nobody can follow yet. */
extern __typeof__(log_trace) log_trace __attribute__((weak));

static void trace_load(const struct link_version *version)
{
	if (log_trace)
		log_trace("\"event\":\"load\",\"cell\":\"%s\",\"version\":%u,\"id\":%lu",
			  version->cell->name, version->number, version->id);
}

static void make_known(struct loading *loading)
{
	struct linker_state *self = linker_self();
	struct link_version *version = loading->version;
	struct link_cell *cell = loading->cell;
	size_t page = (version->text.va - self->pools[POOL_TEXT].start) >> PAGE_SHIFT;

	version->id = ++self->last_id;
	for (size_t i = 0; i < version->text.size >> PAGE_SHIFT; i++)
		self->text_owner[page + i] = version;
	for (uint32_t i = 0; i < version->n_slots; i++)
		record_slot_attach(&version->slots[i]);
	version->next = cell->versions;
	cell->versions = version;
	trace_load(version);
	if (!loading->is_new_cell)
		return;
	for (uint32_t i = 0; i < cell->n_state_slots; i++)
		record_slot_attach(&cell->state_slots[i]);
	cell->next = self->cells;
	self->cells = cell;
}

int transaction_publish(struct transaction *transaction)
{
	OWN(irq_guard, guard) = irq_off();

	if (reserve_room(transaction) < 0)
		return transaction_out_of_memory(transaction, transaction->first->cell->name,
						 "a namespace's table");
	for (struct loading *loading = transaction->first; loading; loading = loading->next)
		publish_exports(loading);
	for (struct loading *loading = transaction->first; loading; loading = loading->next)
		make_known(loading);
	transaction_finish(transaction);
	return 0;
}
