/* SPDX-License-Identifier: MIT */
/*
 * Live swap: replaces a loaded cell by another version of it.
 *
 * prepare and admit are the linker's; here are the plan, what it must
 * satisfy, and the commit.  retire.c lets replaced versions go.
 */
#include <clew/swap.h>

#include <clew/heap.h>
#include <clew/irq.h>
#include <clew/linker.h>
#include <clew/log.h>

#include "base/diag.h"
#include "base/format.h"
#include "base/string.h"
#include "link/record.h"

#include "plan.h"

static int refuse(const struct link_cell *cell, const char *symbol, const char *what,
		  const char *expected, const char *found, struct diag *reterr)
{
	diag_fill(reterr, cell->name, what, expected, found);
	string_copy(reterr->symbol, sizeof(reterr->symbol), symbol);
	return -EPERM;
}

static bool used_by_others(const struct link_export *export)
{
	for (const struct link_slot *slot = export->users; slot; slot = slot->next) {
		if (slot->user->cell != export->cell)
			return true;
	}
	return false;
}

/* Every export that somebody uses must be there, with the same type. */
static int validate(const struct link_version *next, struct diag *reterr)
{
	const struct link_cell *cell = next->cell;

	for (const struct link_export *export = cell->exports; export; export = export->next) {
		const struct link_definition *definition = link_definition_of(next, export);
		char expected[72], found[72];

		if (!definition && used_by_others(export))
			return refuse(cell, export->name, "an export that is in use is missing",
				      export->users->user->cell->name, "", reterr);
		if (!definition || definition->type_hash == export->type_hash ||
		    !definition->type_hash || !export->type_hash)
			continue;
		format_text(expected, sizeof(expected), "type %016lx", export->type_hash);
		format_text(found, sizeof(found), "type %016lx", definition->type_hash);
		return refuse(cell, export->name, "the type of an export differs", expected, found,
			      reterr);
	}
	return 0;
}

static int refuse_tag(const struct link_cell *cell, const char *symbol, const char *what,
		      const char *tag, const char *in, struct diag *reterr)
{
	char expected[72];

	format_text(expected, sizeof(expected), "%s as in %s", tag, in);
	return refuse(cell, symbol, what, expected, "another", reterr);
}

/*
 * Whoever uses it must mean the same by the types they share, and so must the
 * version before it when it left a state: the state may point to such a type.
 */
static int validate_types(const struct link_version *next, struct diag *reterr)
{
	const struct link_cell *cell = next->cell;
	const char *tag = cell->state_hash ? linker_tag_that_differs(next, cell->current) : NULL;

	if (tag)
		return refuse_tag(cell, "", "layout of a type that the state may point to differs",
				  tag, "the version before", reterr);
	for (const struct link_export *export = cell->exports; export; export = export->next) {
		for (const struct link_slot *slot = export->users; slot; slot = slot->next) {
			tag = linker_tag_that_differs(next, slot->user);
			if (tag && slot->user->cell != cell)
				return refuse_tag(cell, export->name,
						  "layout of a type differs from a user's", tag,
						  slot->user->cell->name, reterr);
		}
	}
	return 0;
}

/*
 * The leaf loop: nothing else runs, nothing can fail, nothing is called but
 * the machine.
 */
static void commit(const struct link_pair *pairs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		machine_patch(pairs[i].va, &pairs[i].value, sizeof(pairs[i].value));
}

static int apply(linker_successor *next, struct swap_plan *plan, uint64_t *ret_commit_ns,
		 struct diag *reterr)
{
	OWN(irq_guard, guard) = irq_off();
	int r = linker_admit(next, reterr);
	uint64_t start_ns;

	if (r < 0)
		return r;
	start_ns = machine_clock_ns();
	commit(plan->pairs, plan->n_pairs);
	*ret_commit_ns = machine_clock_ns() - start_ns;
	return 0;
}

static void announce(const struct swap_report *report)
{
	log_write("swap: %s %u -> %u, %u slots, %u entries, %u pinned, %lu bytes of state adopted",
		  report->name, report->from, report->to, report->slots, report->entries,
		  report->pinned, report->state_bytes);
	log_trace("\"event\":\"swap\",\"cell\":\"%s\",\"from\":%u,\"to\":%u,\"slots\":%u,"
		  "\"entries\":%u,\"pinned\":%u",
		  report->name, report->from, report->to, report->slots, report->entries,
		  report->pinned);
}

static int replace(const namespace_ref *ns, const char *name, const char *file, const void *bytes,
		   size_t size, struct swap_report *report, uint64_t *ret_replaced,
		   struct diag *reterr)
{
	OWN(linker_successor, next) = OWNER_EMPTY;
	OWN(heap_block, pairs) = OWNER_EMPTY;
	struct swap_plan plan = { 0 };
	struct link_version *version;
	struct link_cell *cell;
	int r = linker_prepare(ns, name, file, bytes, size, &next, reterr);

	if (r < 0)
		return r;
	version = linker_successor_version(&next);
	cell = version->cell;
	*ret_replaced = cell->current->id;
	report->from = cell->current->number;
	report->to = version->number;
	report->state_bytes = cell->state.used;
	string_copy(report->name, sizeof(report->name), cell->name);
	r = validate(version, reterr);
	if (r == 0)
		r = validate_types(version, reterr);
	if (r == 0 && heap_block_new(plan_size(version), &pairs) < 0) {
		(void)refuse(cell, "", "out of memory", "room for the plan", "", reterr);
		r = -ENOMEM;
	}
	if (r < 0)
		return r;
	plan.pairs = heap_block_at(&pairs);
	plan_make(&plan, version);
	report->slots = plan.n_slots;
	report->entries = plan.n_entries;
	report->pinned = plan.n_pinned;
	r = apply(&next, &plan, &report->commit_ns, reterr);
	if (r == 0)
		linker_prune(cell);
	return r;
}

static bool is_pending(uint64_t id)
{
	struct swap_pending pending;

	return swap_next_pending(id - 1, &pending) == 0 && pending.id == id;
}

CELL_EXPORT int swap_cell(const namespace_ref *ns, const char *name, const char *file,
			  const void *bytes, size_t size, struct swap_report *ret,
			  struct diag *reterr)
{
	struct swap_report report = { 0 };
	uint64_t start_ns = machine_clock_ns(), replaced;
	int r = replace(ns, name, file, bytes, size, &report, &replaced, reterr);

	if (r < 0)
		return r;
	report.replaced_ns = machine_clock_ns() - start_ns;
	announce(&report);
	(void)swap_retire();
	report.retired = !is_pending(replaced);
	report.total_ns = machine_clock_ns() - start_ns;
	*ret = report;
	return 0;
}

CELL("swap", 1, CELL_SERVICE, "replaces cells while they are in use");
