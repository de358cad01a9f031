/* SPDX-License-Identifier: MIT */
/*
 * Namespaces: maps from a symbol's name to the export that provides it.
 *
 * Not the linker (cells/linker), which decides what is published.  Tables and
 * exports are the heap's; everything is changed with interrupts off and may
 * be read so from any task.
 */
#include <clew/namespace.h>

#include <clew/cell.h>
#include <clew/heap.h>
#include <clew/irq.h>
#include <clew/panic.h>

#include "base/string.h"
#include "link/record.h"

OWN_IMPLEMENTS(namespace_ref, "the word is the namespace, which counts");
OWN_IMPLEMENTS(heap_block, "a namespace is a block of the heap");

#define TABLE_FIRST 64 /* places; a power of two */

struct namespace
{
	struct namespace *next;
	struct namespace *parent;   /* a counted reference */
	struct link_export **table; /* open addressing by string_hash */
	struct link_export **order; /* in order of publication */
	uint64_t id;
	uint32_t n_places; /* of table; order has half as many */
	uint32_t n_exports;
	uint32_t references;
	char name[NAMESPACE_NAME_MAX];
};

struct namespace_state {
	struct namespace *first; /* by ascending id */
	uint64_t last_id;
	namespace_ref root;
};

CELL_STATE(namespace, "which namespaces there are; their contents are the linker's exports");

CELL_EXPORT struct namespace *namespace_of(const namespace_ref *ns)
{
	return (struct namespace *)(uintptr_t)ns->word;
}

static struct link_export **find_place(struct link_export **table, uint32_t n_places,
				       const char *name, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & (n_places - 1);

	while (table[at] && (table[at]->name_hash != hash || !string_equal(table[at]->name, name)))
		at = (at + 1) & (n_places - 1);
	return &table[at];
}

static void fill_table(struct namespace *ns, struct link_export **table, uint32_t n_places)
{
	memset(table, 0, n_places * sizeof(*table));
	for (uint32_t i = 0; i < ns->n_exports; i++) {
		struct link_export *export = ns->order[i];

		*find_place(table, n_places, export->name, export->name_hash) = export;
	}
}

/* Half of the places stay free, so a search always ends. */
static int grow(struct namespace *ns, uint32_t n_places)
{
	OWN(heap_block, table) = OWNER_EMPTY;
	OWN(heap_block, order) = OWNER_EMPTY;
	struct link_export **new_order;
	int r = heap_block_new(n_places * sizeof(*ns->table), &table);

	if (r == 0)
		r = heap_block_new(n_places / 2 * sizeof(*ns->order), &order);
	if (r < 0)
		return r;
	new_order = heap_block_at(&order);
	for (uint32_t i = 0; i < ns->n_exports; i++)
		new_order[i] = ns->order[i];
	fill_table(ns, heap_block_at(&table), n_places);
	heap_free(ns->table);
	heap_free(ns->order);
	ns->table = heap_block_take(MOVE(table));
	ns->order = heap_block_take(MOVE(order));
	ns->n_places = n_places;
	return 0;
}

static void namespace_free(struct namespace *ns)
{
	heap_free(ns->table);
	heap_free(ns->order);
	heap_free(ns);
}

CELL_EXPORT int namespace_new(const namespace_ref *parent, const char *name, namespace_ref *ret)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	OWN(irq_guard, guard) = irq_off();
	struct namespace *ns, **last = &namespace_state.first;
	int r = heap_block_new(sizeof(*ns), &block);

	if (r < 0)
		return r;
	ns = heap_block_at(&block);
	r = grow(ns, TABLE_FIRST);
	if (r < 0)
		return r;
	ns->references = 1;
	ns->id = ++namespace_state.last_id;
	string_copy(ns->name, sizeof(ns->name), name);
	if (parent) {
		ns->parent = namespace_of(parent);
		ns->parent->references++;
	}
	while (*last)
		last = &(*last)->next;
	*last = ns;
	if (IS_EMPTY(namespace_state.root)) {
		ns->references++;
		namespace_state.root.word = (uintptr_t)ns;
	}
	PUT(*ret, ((namespace_ref){ MOVE(block).word }));
	return 0;
}

CELL_EXPORT const namespace_ref *namespace_root(void)
{
	return &namespace_state.root;
}

CELL_EXPORT namespace_ref namespace_ref_ref(const namespace_ref *ns)
{
	OWN(irq_guard, guard) = irq_off();

	if (!IS_EMPTY(*ns))
		namespace_of(ns)->references++;
	return (namespace_ref){ ns->word };
}

CELL_EXPORT void namespace_ref_drop(namespace_ref ns)
{
	OWN(irq_guard, guard) = irq_off();
	struct namespace *gone = namespace_of(&ns);

	/* A namespace that goes gives back its reference to its parent, and so on up. */
	while (gone && --gone->references == 0) {
		struct namespace *parent = gone->parent;
		struct namespace **at = &namespace_state.first;

		while (*at != gone)
			at = &(*at)->next;
		*at = gone->next;
		namespace_free(gone);
		gone = parent;
	}
}

CELL_EXPORT void namespace_ref_cleanup(namespace_ref *place)
{
	namespace_ref_drop(MOVE(*place));
}

CELL_EXPORT int namespace_next(uint64_t after, struct namespace_info *ret)
{
	OWN(irq_guard, guard) = irq_off();
	const struct namespace *ns = namespace_state.first;

	while (ns && ns->id <= after)
		ns = ns->next;
	if (!ns)
		return -ENOENT;
	ret->id = ns->id;
	ret->parent = ns->parent ? ns->parent->id : 0;
	ret->symbols = ns->n_exports;
	ret->references = ns->references;
	string_copy(ret->name, sizeof(ret->name), ns->name);
	return 0;
}

CELL_EXPORT uint64_t namespace_id(const struct namespace *ns)
{
	return ns->id;
}

CELL_EXPORT int namespace_reserve(struct namespace *ns, uint32_t count)
{
	OWN(irq_guard, guard) = irq_off();
	uint32_t n_places = ns->n_places;

	while (ns->n_exports + count > n_places / 2)
		n_places *= 2;
	return n_places == ns->n_places ? 0 : grow(ns, n_places);
}

CELL_EXPORT void namespace_publish(struct namespace *ns, struct link_export *export)
{
	OWN(irq_guard, guard) = irq_off();
	struct link_export **place =
		find_place(ns->table, ns->n_places, export->name, export->name_hash);

	assert(!*place);
	assert(ns->n_exports < ns->n_places / 2);
	*place = export;
	export->order = ns->n_exports;
	ns->order[ns->n_exports++] = export;
}

static uint32_t home_of(const struct namespace *ns, const struct link_export *export)
{
	return (uint32_t) export->name_hash & (ns->n_places - 1);
}

/* Closes the gap: what comes behind it moves there unless its own place is after the gap. */
static void remove_place(struct namespace *ns, uint32_t gap)
{
	uint32_t mask = ns->n_places - 1;

	for (uint32_t at = (gap + 1) & mask; ns->table[at]; at = (at + 1) & mask) {
		uint32_t home = home_of(ns, ns->table[at]);

		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		ns->table[gap] = ns->table[at];
		gap = at;
	}
	ns->table[gap] = NULL;
}

CELL_EXPORT void namespace_withdraw(struct namespace *ns, struct link_export *export)
{
	OWN(irq_guard, guard) = irq_off();
	struct link_export **place;

	assert(export->order < ns->n_exports && ns->order[export->order] == export);
	place = find_place(ns->table, ns->n_places, export->name, export->name_hash);
	remove_place(ns, (uint32_t)(place - ns->table));
	ns->n_exports--;
	for (uint32_t i = export->order; i < ns->n_exports; i++) {
		ns->order[i] = ns->order[i + 1];
		ns->order[i]->order = i;
	}
}

CELL_EXPORT struct link_export *namespace_find_hashed(const struct namespace *ns, const char *name,
						      uint64_t hash)
{
	for (; ns; ns = ns->parent) {
		struct link_export *export = *find_place(ns->table, ns->n_places, name, hash);

		if (export)
			return export;
	}
	return NULL;
}

CELL_EXPORT struct link_export *namespace_find(const struct namespace *ns, const char *name)
{
	OWN(irq_guard, guard) = irq_off();

	return namespace_find_hashed(ns, name, string_hash(name));
}

CELL_EXPORT struct link_export *namespace_export(const struct namespace *ns, uint32_t i)
{
	OWN(irq_guard, guard) = irq_off();

	return i < ns->n_exports ? ns->order[i] : NULL;
}

CELL_HANDOVER(namespace);

CELL("namespace", 1, CELL_SERVICE, "maps symbols to the cells that provide them");
