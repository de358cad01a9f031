/* SPDX-License-Identifier: MIT */
/* Which words a swap changes (plan.h).  Reads records, changes nothing but the plan. */
#include "plan.h"

static void add(struct swap_plan *plan, uintptr_t va, uint64_t value)
{
	plan->pairs[plan->n_pairs++] = (struct link_pair){ .va = va, .value = value };
}

static void add_record(struct swap_plan *plan, const void *word, uint64_t value)
{
	add(plan, (uintptr_t)word, value);
}

size_t plan_size(const struct link_version *next)
{
	size_t count = 1; /* the cell's current version */

	for (const struct link_export *export = next->cell->exports; export; export = export->next)
		count += export->n_users + 3ul;
	count += next->n_entry_values * 3ul;
	return count * sizeof(struct link_pair);
}

static void plan_users(struct swap_plan *plan, const struct link_export *export, uintptr_t value)
{
	for (const struct link_slot *slot = export->users; slot; slot = slot->next) {
		if (slot->kind == LINK_SLOT_ADDRESS || slot->user->cell == export->cell)
			continue;
		add(plan, slot->va, value + (uint64_t)slot->addend);
		plan->n_slots++;
	}
}

/* An export that the next version does not have keeps no value, and nobody uses it. */
static void plan_exports(struct swap_plan *plan, const struct link_version *next)
{
	for (const struct link_export *export = next->cell->exports; export;
	     export = export->next) {
		if (!link_definition_of(next, export))
			add_record(plan, &export->value, 0);
	}
	for (uint32_t i = 0; i < next->n_definitions; i++) {
		const struct link_definition *definition = &next->definitions[i];

		plan_users(plan, definition->export, definition->value);
		add_record(plan, &definition->export->value, definition->value);
		add_record(plan, &definition->export->size, definition->size);
	}
}

static void plan_entries(struct swap_plan *plan, struct link_version *next)
{
	uint32_t followed = 0, all = 0;

	for (uint32_t i = 0; i < next->n_entry_values; i++) {
		const struct link_entry_value *successor = &next->entry_values[i];

		add(plan, successor->entry->slot, successor->value);
		add_record(plan, &successor->entry->value, successor->value);
		add_record(plan, &successor->entry->version, (uintptr_t)next);
		followed++;
	}
	for (const struct link_entry *entry = next->cell->entries; entry; entry = entry->next)
		all += entry->version != next;
	plan->n_entries = followed;
	plan->n_pinned = all - followed;
}

void plan_make(struct swap_plan *plan, struct link_version *next)
{
	plan_exports(plan, next);
	plan_entries(plan, next);
	add_record(plan, &next->cell->current, (uintptr_t)next);
}
