/* SPDX-License-Identifier: MIT */
/*
 * What it costs to load, unload and replace a cell.
 *
 * The cell is `greeter`, in a namespace of the measurement's own, so that
 * nobody else uses it.
 */
#include "bench.h"

#include <clew/diag.h>
#include <clew/linker.h>
#include <clew/namespace.h>
#include <clew/panic.h>
#include <clew/swap.h>
#include <clew/task.h>

#include "base/string.h"

#define CELL_NAME "greeter"
#define TRIES 100 /* of a millisecond each, until nothing seems to point into it */

static const char *const files[2] = { "greeter.o", "greeter_v2.o" };

/* The cell, while it is loaded there. */
OWNER(tenant); /* word: address of the namespace_ref, borrowed */
OWN_IMPLEMENTS(namespace_ref, "the word of a tenant is the address of a reference");
OWN_IMPLEMENTS(tenant, "the word is where to unload");

static int evict(const namespace_ref *ns)
{
	struct diag diag;
	int r = swap_unload(ns, CELL_NAME, &diag);

	for (int i = 0; r == -EBUSY && i < TRIES; i++) {
		task_sleep(NS_PER_MS);
		r = swap_unload(ns, CELL_NAME, &diag);
	}
	return r;
}

static void tenant_cleanup(tenant *place)
{
	const namespace_ref *ns = (const namespace_ref *)(uintptr_t)place->word;
	struct diag diag;

	place->word = 0;
	/* Held by something: it goes when that goes. */
	if (ns && swap_dismiss(ns, CELL_NAME, &diag) < 0)
		return;
}

static uintptr_t greeter_in(const namespace_ref *ns)
{
	uintptr_t address = 0;

	if (linker_symbol(ns, "greeter_greet", &address) < 0)
		return 0;
	return address;
}

/* Cycles of the load and of the unload. */
static int load_once(const namespace_ref *ns, uint64_t *ret_load, uint64_t *ret_unload)
{
	OWN(tenant, cell) = OWNER_EMPTY;
	struct diag diag;
	uint64_t from = bench_cycles();
	int r = linker_load(ns, CELL_NAME, &diag);

	*ret_load = bench_cycles() - from;
	if (r < 0)
		return r;
	cell.word = (uintptr_t)ns;
	assert(greeter_in(ns) != 0);
	from = bench_cycles();
	r = evict(ns);
	*ret_unload = bench_cycles() - from;
	if (r < 0)
		return r;
	cell.word = 0;
	return 0;
}

static int load_all(struct bench_samples *samples, bool of_load)
{
	OWN(namespace_ref, ns) = OWNER_EMPTY;
	int r = namespace_new(namespace_root(), "bench", &ns);

	for (uint32_t round = 0; r == 0 && round < samples->rounds; round++) {
		uint64_t load = 0, unload = 0;

		r = load_once(&ns, &load, &unload);
		samples->values[round] = of_load ? load : unload;
	}
	return r;
}

int bench_load(struct bench_samples *samples)
{
	return load_all(samples, true);
}

int bench_unload(struct bench_samples *samples)
{
	return load_all(samples, false);
}

/* From one version to the other and back, in turn. */
static int swap_once(const namespace_ref *ns, uint32_t round, uint64_t *ret_cycles,
		     struct swap_report *ret)
{
	const char *file = files[(round + 1) % 2];
	struct diag diag;
	const void *bytes;
	uint64_t from;
	size_t size;
	int r = linker_archive_find(file, &bytes, &size);

	if (r < 0)
		return r;
	from = bench_cycles();
	r = swap_cell(ns, CELL_NAME, file, bytes, size, ret, &diag);
	*ret_cycles = bench_cycles() - from;
	if (r < 0)
		return r;
	assert(ret->from == round % 2 + 1 && ret->to == (round + 1) % 2 + 1);
	return 0;
}

static int swap_all(struct bench_samples *samples, bool of_commit)
{
	OWN(namespace_ref, ns) = OWNER_EMPTY;
	OWN(tenant, cell) = OWNER_EMPTY;
	struct swap_report report;
	struct diag diag;
	int r = namespace_new(namespace_root(), "bench", &ns);

	if (r == 0)
		r = linker_load(&ns, CELL_NAME, &diag);
	if (r < 0)
		return r;
	cell.word = (uintptr_t)&ns;
	for (uint32_t round = 0; r == 0 && round < samples->rounds; round++) {
		uint64_t cycles = 0;

		r = swap_once(&ns, round, &cycles, &report);
		samples->values[round] = of_commit ? report.commit_ns : cycles;
	}
	return r;
}

int bench_swap(struct bench_samples *samples)
{
	return swap_all(samples, false);
}

int bench_commit(struct bench_samples *samples)
{
	return swap_all(samples, true);
}
