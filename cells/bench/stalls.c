/* SPDX-License-Identifier: MIT */
/*
 * How a caller is held up while the cell that it calls is replaced 2,000
 * times a second, and how when nobody replaces anything.
 *
 * There is one CPU, so what the task that swaps does, the caller does not.
 * That task is the more urgent of the two: else it would wait for the end of
 * the caller's slice, and swap a tenth as often.  Each round measures an
 * interval of every kind, so that what else the host does holds up all alike.
 */
#include "bench.h"

#include <clew/child.h>
#include <clew/diag.h>
#include <clew/greeter.h>
#include <clew/heap.h>
#include <clew/linker.h>
#include <clew/machine.h>
#include <clew/namespace.h>
#include <clew/panic.h>
#include <clew/swap.h>
#include <clew/task.h>

#define PAUSE_NS 10000ull
#define INTERVAL_NS (100 * NS_PER_MS)
#define PERIOD_NS (NS_PER_S / 2000)
#define PAUSES_MAX 8192

struct swapper {
	const namespace_ref *ns;
	volatile uint32_t kind; /* enum bench_interval, the caller's choice */
	uint64_t swaps;
	int r;
};
typedef struct swapper *swapper_pointer;

/* The calls of an interval that took too long. */
struct pauses {
	uint64_t *ns; /* PAUSES_MAX at most */
	uint64_t count;
	uint64_t swaps;
};

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

		if (swapper->kind == BENCH_SWAPPING)
			swapper->r = swap_next(swapper);
		next_ns += PERIOD_NS;
		if (next_ns <= now_ns)
			next_ns = now_ns + PERIOD_NS; /* it cannot keep up */
		task_sleep(swapper->kind == BENCH_IDLE ? INTERVAL_NS / 8 : next_ns - now_ns);
	}
	return 1;
}
TASK_ENTRY_PLAIN(swap_on, swapper_pointer);

/* Calls without a break. */
static void call_on(uint32_t (*call)(void), struct pauses *ret)
{
	uint64_t last_ns = machine_clock_ns(), end_ns = last_ns + INTERVAL_NS;
	uint64_t wrong = 0;

	ret->count = 0;
	while (last_ns < end_ns) {
		uint32_t version = call();
		uint64_t now_ns;

		task_safe_point();
		now_ns = machine_clock_ns();
		if (now_ns - last_ns > PAUSE_NS && ret->count < PAUSES_MAX)
			ret->ns[ret->count++] = now_ns - last_ns;
		wrong += version != 1 && version != 2;
		last_ns = now_ns;
	}
	assert(wrong == 0);
}

static void call_while(struct swapper *swapper, enum bench_interval kind, uint32_t (*call)(void),
		       struct pauses *ret)
{
	swapper->kind = kind;
	/* The task looks when it wakes. */
	task_sleep(INTERVAL_NS / 4);
	ret->swaps = swapper->swaps;
	call_on(call, ret);
	ret->swaps = swapper->swaps - ret->swaps;
	assert(swapper->r < 0 || (ret->swaps > 0) == (kind == BENCH_SWAPPING));
}

static uint64_t figure_of(struct pauses *pauses, enum bench_stall what)
{
	if (what == BENCH_STALLS)
		return pauses->count;
	if (what == BENCH_SWAPS)
		return pauses->swaps;
	if (pauses->count == 0)
		return PAUSE_NS; /* none was longer */
	bench_sort(pauses->ns, (uint32_t)pauses->count);
	return pauses->ns[what == BENCH_LONGEST ? pauses->count - 1 : pauses->count / 2];
}

static int measure(struct bench_samples *samples, const namespace_ref *ns, uint32_t (*call)(void))
{
	const struct task_options urgent = { .priority = SCHEDULER_PRIORITY_NORMAL + 2 };
	OWN(heap_block, block) = OWNER_EMPTY;
	OWN(task_handle, handle) = OWNER_EMPTY;
	OWN(task_child, child) = OWNER_EMPTY;
	struct swapper swapper = { .ns = ns, .kind = BENCH_IDLE };
	swapper_pointer place = &swapper;
	struct pauses pauses = { 0 };
	int r = heap_block_new(PAUSES_MAX * sizeof(uint64_t), &block);

	if (r == 0)
		r = TASK_SPAWN(swap_on, &place, &urgent, &handle);
	if (r < 0)
		return r;
	PUT(child, task_child_of(MOVE(handle)));
	pauses.ns = heap_block_at(&block);
	for (uint32_t round = 0; round < samples->rounds && swapper.r == 0; round++) {
		for (uint32_t kind = BENCH_IDLE; kind <= BENCH_SWAPPING; kind++) {
			call_while(&swapper, (enum bench_interval)kind, call, &pauses);
			if (kind == samples->others)
				samples->values[round] =
					figure_of(&pauses, (enum bench_stall)samples->size);
		}
	}
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
		r = measure(samples, &ns, (uint32_t(*)(void))address);
	/* Held by something: it goes when that goes. */
	if (r == 0 && swap_dismiss(&ns, "greeter", &diag) == -EBUSY)
		return 0;
	return r;
}
