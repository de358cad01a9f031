/* SPDX-License-Identifier: MIT */
/*
 * Another version of a loaded cell: prepared, admitted, and retired.
 *
 * Whether it may replace the cell, and the replacing itself, is cells/swap's.
 */
#include "load.h"

#include <clew/irq.h>

#include "base/string.h"

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
		transaction_refuse(reterr, name, "out of memory", "a transaction's record", "");
		return -ENOMEM;
	}
	transaction_init(&successor->transaction, reterr);
	owner.word = (uintptr_t)successor;
	successor->lock = linker_lock_take();
	cell = record_cell_find(namespace_of(ns), name);
	if (!cell) {
		transaction_refuse(reterr, name, "cell is not loaded", "the name of a cell", name);
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
	if (linker_self()->busy)
		return -EBUSY;
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
		heap_free(export);
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
