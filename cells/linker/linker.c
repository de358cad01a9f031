/* SPDX-License-Identifier: MIT */
/*
 * The linker: brings cells in, takes them out, knows what is loaded.
 *
 * Where sections go and what relocations mean is src/link's; which symbol
 * stands for what is the namespace's (cells/namespace).  One transaction at a
 * time; readers need interrupts off only.
 */
#include "load.h"

#include <clew/frame.h>
#include <clew/irq.h>
#include <clew/task.h>

#include "base/string.h"

OWN_IMPLEMENTS(linker_lock, "the word says that the lock is held");

CELL_STATE(linker, "records of what is loaded: without them nothing could be replaced") = { 0 };

/* Not there in nano_core, where nothing else runs. */
extern __typeof__(task_sleep_step) task_sleep_step __attribute__((weak));

#define LOCK_RETRY_NS 50000ull

struct linker_state *linker_self(void)
{
	return &linker_state;
}

static bool lock_try(void)
{
	OWN(irq_guard, guard) = irq_off();

	if (linker_state.busy)
		return false;
	linker_state.busy = 1;
	return true;
}

linker_lock linker_lock_take(void)
{
	/* However the sleep ends, the answer is to try again. */
	while (!lock_try()) {
		if (task_sleep_step && task_sleep_step(machine_clock_ns() + LOCK_RETRY_NS) != 0)
			continue;
	}
	return (linker_lock){ 1 };
}

/* Nothing of a transaction stays there: a scan would find its pointers. */
static void scratch_clear(void)
{
	memset(linker_state.scratch, 0, linker_state.scratch_used);
	linker_state.scratch_used = 0;
}

void linker_lock_cleanup(linker_lock *place)
{
	if (place->word) {
		scratch_clear();
		linker_state.busy = 0;
	}
	place->word = 0;
}

void *linker_scratch_take(size_t size)
{
	size_t rounded = (size + 63) & ~63ul;
	uint8_t *block = linker_state.scratch + linker_state.scratch_used;

	if (rounded < size || rounded > SCRATCH_SIZE - linker_state.scratch_used)
		return heap_alloc(size);
	linker_state.scratch_used += rounded;
	return block;
}

void linker_scratch_free(void *block)
{
	if ((uintptr_t)block - (uintptr_t)linker_state.scratch >= SCRATCH_SIZE)
		heap_free(block);
}

static int load_one(struct namespace *ns, const char *file, const void *bytes, size_t size,
		    char ret_name[CELL_NAME_MAX], struct diag *reterr)
{
	OWN(linker_lock, lock) = linker_lock_take();
	/* Undone when the scope is left, unless it was published. */
	__attribute__((cleanup(transaction_cleanup))) struct transaction transaction;
	int r;

	transaction_init(&transaction, reterr);
	r = transaction_add(&transaction, ns, NULL, file, bytes, size);
	if (r == 0)
		r = transaction_link(&transaction);
	if (r < 0)
		return r;
	if (ret_name)
		string_copy(ret_name, CELL_NAME_MAX, transaction.first->cell->name);
	return transaction_publish(&transaction);
}

CELL_EXPORT int linker_load_object(const namespace_ref *ns, const char *file, const void *bytes,
				   size_t size, char ret_name[CELL_NAME_MAX], struct diag *reterr)
{
	return load_one(namespace_of(ns), file, bytes, size, ret_name, reterr);
}

CELL_EXPORT int linker_load(const namespace_ref *ns, const char *name, struct diag *reterr)
{
	const struct archive_object *object = archive_find(name);

	if (!object) {
		diag_fill(reterr, name, "no such cell in the boot archive",
			  "the name of a cell or of a file", name);
		return -ENOENT;
	}
	return load_one(namespace_of(ns), object->file, object->bytes, object->size, NULL, reterr);
}

CELL_EXPORT int linker_symbol(const namespace_ref *ns, const char *symbol, uintptr_t *ret)
{
	OWN(linker_lock, lock) = linker_lock_take();
	struct link_export *export = namespace_find(namespace_of(ns), symbol);
	struct transaction transaction;
	struct link_entry *entry;
	struct diag ignored;
	int r;

	if (!export || !export->value)
		return -ENOENT;
	if (!export->is_function) {
		*ret = export->value;
		return 0;
	}
	transaction_init(&transaction, &ignored);
	r = entry_of_export(&transaction, export, &entry);
	if (r < 0)
		return r;
	entry_keep(&transaction);
	*ret = entry->stub;
	return 0;
}

static void forget_cell(struct link_cell *cell)
{
	struct link_cell **at = &linker_state.cells;

	while (*at != cell)
		at = &(*at)->next;
	*at = cell->next;
	for (struct link_export *export = cell->exports; export; export = export->next)
		namespace_withdraw(cell->ns, export);
	while (cell->versions)
		record_version_free(cell->versions);
	record_cell_free(cell);
}

static int refuse_unload(const struct link_cell *cell, const char *what, const char *found,
			 struct diag *reterr)
{
	diag_fill(reterr, cell->name, what, "no users", found);
	return -EBUSY;
}

CELL_EXPORT int linker_can_unload(const namespace_ref *ns, const char *name, struct diag *reterr)
{
	OWN(irq_guard, guard) = irq_off();
	struct link_cell *cell = record_cell_find(namespace_of(ns), name);
	const struct link_cell *user;

	if (!cell) {
		diag_fill(reterr, name, "cell is not loaded", "the name of a cell", name);
		return -ENOENT;
	}
	if (linker_state.busy) {
		diag_fill(reterr, name, "the linker is at work", "another try", "");
		return -EAGAIN;
	}
	user = record_user(cell);
	if (user)
		return refuse_unload(cell, "cell is in use", user->name, reterr);
	if (cell->versions && cell->versions->next)
		return refuse_unload(cell, "a replaced version is still there", "not yet retired",
				     reterr);
	if (!cell->current)
		return refuse_unload(cell, "it is not a cell", "the machine", reterr);
	return 0;
}

CELL_EXPORT int linker_unload(const namespace_ref *ns, const char *name, struct diag *reterr)
{
	OWN(irq_guard, guard) = irq_off();
	int r = linker_can_unload(ns, name, reterr);

	if (r == 0)
		forget_cell(record_cell_find(namespace_of(ns), name));
	return r;
}

CELL_EXPORT struct link_cell *linker_cell(const namespace_ref *ns, const char *name)
{
	return record_cell_find(namespace_of(ns), name);
}

CELL_EXPORT void linker_dismiss(struct link_cell *cell, namespace_ref ns)
{
	OWN(namespace_ref, mine) = ns;
	OWN(irq_guard, guard) = irq_off();

	if (IS_EMPTY(cell->dismissed))
		PUT(cell->dismissed, MOVE(mine));
}

CELL_EXPORT struct link_cell *linker_next_dismissed(uint64_t after)
{
	OWN(irq_guard, guard) = irq_off();
	struct link_cell *next = NULL;

	for (struct link_cell *cell = linker_state.cells; cell; cell = cell->next) {
		if (!IS_EMPTY(cell->dismissed) && cell->current->id > after &&
		    (!next || cell->current->id < next->current->id))
			next = cell;
	}
	return next;
}

/* ---- boot ------------------------------------------------------------------ */

#define POOL_PAGES_MIN 256u
#define POOL_PAGES_MAX (64u * 1024)

static const enum machine_prot pool_prot[POOLS] = { MACHINE_RX, MACHINE_R, MACHINE_RW };

static int make_pool(enum pool_kind kind, uintptr_t start, uint32_t pages)
{
	struct pool *pool = &linker_state.pools[kind];
	int r = machine_map(start, pages, pool_prot[kind]);

	if (r < 0)
		return r;
	pool->bitmap = heap_alloc((pages + 63) / 64 * sizeof(*pool->bitmap));
	if (!pool->bitmap)
		return -ENOMEM;
	pool->start = start;
	pool->pages = pages;
	/* The pool's own address, held by its record, must not look like a use of some version. */
	pool->bitmap[0] = 1;
	pool->used = 1;
	pool->hint = 1;
	/* What runs astray into free text traps; the others' pages are cleared when taken. */
	if (kind == POOL_TEXT)
		machine_patch_fill(start, 0xcc, pages * PAGE_SIZE);
	else
		machine_patch_fill(start, 0, PAGE_SIZE);
	return 0;
}

/*
 * A sixteenth of memory for each pool, so that the arena stays below 1 GiB in
 * all; less where memory has holes and no run is long enough.
 */
static uint32_t pool_pages(void)
{
	struct frame_usage usage;
	uint64_t pages;

	frame_usage(&usage);
	pages = usage.total / 16;
	if (pages > usage.largest_free_run / POOLS)
		pages = usage.largest_free_run / POOLS;
	if (pages < POOL_PAGES_MIN)
		return POOL_PAGES_MIN;
	return pages > POOL_PAGES_MAX ? POOL_PAGES_MAX : (uint32_t)pages;
}

static int make_arena(void)
{
	OWN(frames, arena) = OWNER_EMPTY;
	uint32_t pages = pool_pages();
	uintptr_t start;
	int r = frame_alloc((size_t)pages * POOLS, FRAME_ARENA, &arena);

	if (r < 0)
		return r;
	start = frame_start(&arena);
	for (int kind = 0; kind < POOLS && r == 0; kind++)
		r = make_pool((enum pool_kind)kind, start + (uintptr_t)kind * pages * PAGE_SIZE,
			      pages);
	if (r < 0)
		return r;
	linker_state.text_owner = heap_alloc(pages * sizeof(*linker_state.text_owner));
	if (!linker_state.text_owner)
		return -ENOMEM;
	FORGET(arena, "it is never given back");
	return 0;
}

/* The machine is a provider like a cell, but has no object and cannot be replaced. */
static int add_machine(struct namespace *root)
{
	const struct machine_info *info = machine_info();
	struct link_cell *cell;
	int r = record_cell_new(root, "machine", &cell);

	if (r < 0)
		return r;
	string_copy(cell->summary, sizeof(cell->summary), "what is below the system; not a cell");
	cell->next = linker_state.cells;
	linker_state.cells = cell;
	for (uint32_t i = 0; i < info->n_symbols; i++) {
		struct link_export *export;

		const char *name = info->symbols[i].name;

		r = record_export_new(cell, NULL,
				      &(struct note_query){ .name = name,
							    .length = string_length(name),
							    .hash = string_hash(name) },
				      &export);
		if (r < 0)
			return r;
		export->is_function = true;
		export->value = info->symbols[i].address;
		export->is_published = true;
		r = namespace_reserve(root, 1);
		if (r < 0)
			return r;
		namespace_publish(root, export);
	}
	return 0;
}

static int read_archive(struct diag *reterr)
{
	const struct machine_info *info = machine_info();

	for (uint32_t i = 0; i < info->n_modules; i++) {
		if (string_equal(info->modules[i].name, "cells"))
			return archive_read(info->modules[i].start, info->modules[i].size, reterr);
	}
	diag_fill(reterr, "boot archive", "the machine brought no module", "a module called cells",
		  "none");
	return -ENOENT;
}

CELL_EXPORT int linker_init(struct diag *reterr)
{
	OWN(namespace_ref, root) = OWNER_EMPTY;
	int r = make_arena();

	if (r == 0) {
		linker_state.scratch = heap_alloc(SCRATCH_SIZE);
		r = linker_state.scratch ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = namespace_new(NULL, "root", &root);
	if (r == 0)
		r = add_machine(namespace_of(&root));
	if (r < 0) {
		diag_fill(reterr, "linker", "out of memory", "room for the arena and its records",
			  "");
		return r;
	}
	return read_archive(reterr);
}

CELL_HANDOVER(linker);

CELL("linker", 1, CELL_SERVICE, "loads cells and knows what is loaded");
