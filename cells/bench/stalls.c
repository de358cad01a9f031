/* SPDX-License-Identifier: MIT */
/*
 * How often a caller is held up while the cell that it calls is replaced
 * 2,000 times a second, and how often when nobody replaces anything.
 *
 * There is one CPU: what the task that swaps does, the caller does not.
 */
#include "bench.h"

#include <clew/child.h>
#include <clew/diag.h>
#include <clew/greeter.h>
#include <clew/linker.h>
#include <clew/machine.h>
#include <clew/namespace.h>
#include <clew/panic.h>
#include <clew/swap.h>
#include <clew/task.h>

#define PAUSE_NS 10000ull
#define ROUND_NS 100000000ull

struct swapper {
	const namespace_ref *ns;
	uint64_t period_ns;
	uint64_t swaps;
	int r;
};
typedef struct swapper *swapper_pointer;

static const char *const files[2] = { "greeter.o", "greeter_v2.o" };

static int swap_next(struct swapper *swapper)
{
	const char *file = files[(swapper->swaps + 1) % 2];
	struct swap_report report;
	struct diag diag;
	const void *bytes;
	size_t size;
	int r = linker_archive_find(file, &bytes, &size);

	if (r == 0)
		r = swap_cell(swapper->ns, "greeter", file, bytes, size, &report, &diag);
	swapper->swaps += r == 0;
	return r;
}

static int swap_on(swapper_pointer swapper)
{
	uint64_t next_ns = machine_clock_ns();

	while (swapper->r == 0) {
		uint64_t now_ns = machine_clock_ns();

		swapper->r = swap_next(swapper);
		task_safe_point();
		next_ns += swapper->period_ns;
		if (next_ns > now_ns)
			task_sleep(next_ns - now_ns);
	}
	return 1;
}
TASK_ENTRY_PLAIN(swap_on, swapper_pointer);

/* Calls without a break, and counts the calls that took too long. */
static uint64_t count_pauses(uint32_t (*call)(void))
{
	uint64_t last_ns = machine_clock_ns(), end_ns = last_ns + ROUND_NS, pauses = 0;
	uint64_t wrong = 0;

	while (last_ns < end_ns) {
		uint32_t version = call();
		uint64_t now_ns;

		task_safe_point();
		now_ns = machine_clock_ns();
		pauses += now_ns - last_ns > PAUSE_NS;
		wrong += version != 1 && version != 2;
		last_ns = now_ns;
	}
	assert(wrong == 0);
	return pauses;
}

static int count(struct bench_samples *samples, const namespace_ref *ns, uint32_t (*call)(void))
{
	OWN(task_handle, handle) = OWNER_EMPTY;
	OWN(task_child, child) = OWNER_EMPTY;
	struct swapper swapper = { .ns = ns };
	swapper_pointer place = &swapper;
	int r = 0;

	if (samples->size > 0) {
		swapper.period_ns = 1000000000ull / samples->size;
		r = TASK_SPAWN(swap_on, &place, NULL, &handle);
		if (r < 0)
			return r;
		PUT(child, task_child_of(MOVE(handle)));
	}
	for (uint32_t round = 0; round < samples->rounds; round++)
		samples->values[round] = count_pauses(call);
	assert(samples->size == 0 || swapper.swaps > 0);
	return swapper.r;
}

int bench_stalls(struct bench_samples *samples)
{
	OWN(namespace_ref, ns) = OWNER_EMPTY;
	uintptr_t address = 0;
	struct diag diag;
	int r = namespace_new(namespace_root(), "bench", &ns);

	if (r == 0)
		r = linker_load(&ns, "greeter", &diag);
	if (r == 0)
		r = linker_symbol(&ns, "greeter_version", &address);
	if (r == 0)
		r = count(samples, &ns, (uint32_t(*)(void))address);
	/* Held by something: it goes when that goes. */
	if (r == 0 && swap_dismiss(&ns, "greeter", &diag) == -EBUSY)
		return 0;
	return r;
}
