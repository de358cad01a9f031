/* SPDX-License-Identifier: MIT */
/*
 * Application that measures what the system's basic operations cost.
 *
 * Prints a row for each: name, smallest and median of the rounds, for one
 * operation, and the unit; separated by tabs.  Interrupts stay on, so the
 * median holds what they cost and the smallest does not.  No state.
 */
#include "bench.h"

#include <clew/application.h>

#include <clew/cell.h>
#include <clew/console.h>
#include <clew/heap.h>

#include "base/string.h"

#define ROUNDS_MAX 100000
#define ROUNDS_DEFAULT 200

struct settings {
	uint64_t rounds;
	bool json;
	const char *const *names; /* of those wanted, ended by NULL; none: all */
};

static const struct measurement {
	const char *name;
	const char *unit;
	uint32_t operations; /* in a round: many where one is too short to be measured */
	bench_function *run;
	uint32_t size, others; /* see struct bench_samples */
} measurements[] = {
	{ "tsc", "kHz", 1, bench_frequency, 0, 0 },
	{ "call", "cycles", 1000, bench_call, 0, 0 },
	{ "gate_irq", "cycles", 1000, bench_gate_irq, 0, 0 },
	{ "gate_prot", "cycles", 1000, bench_gate_prot, 0, 0 },
	{ "gate_clock", "cycles", 1000, bench_gate_clock, 0, 0 },
	{ "patch", "cycles", 1000, bench_patch, 0, 0 },
	{ "map_unmap", "cycles", 10, bench_page, 0, 0 },
	{ "switch", "cycles", 1000, bench_switch, 0, 0 },
	{ "yield", "cycles", 100, bench_yield, 0, 0 },
	{ "channel_rtt", "cycles", 10, bench_channel, 0, 0 },
	{ "rendezvous", "cycles", 10, bench_rendezvous, 0, 0 },
	{ "spawn_join", "cycles", 1, bench_spawn, 0, 0 },
	{ "fault", "cycles", 1, bench_fault, 5, 0 },
	{ "fault_d5", "cycles", 1, bench_fault_deep, 5, 0 },
	{ "fault_d50", "cycles", 1, bench_fault_deep, 50, 0 },
	{ "load", "cycles", 1, bench_load, 0, 0 },
	{ "unload", "cycles", 1, bench_unload, 0, 0 },
	{ "swap", "cycles", 1, bench_swap, 0, 0 },
	{ "swap_commit", "ns", 1, bench_commit, 0, 0 },
	{ "stalls", "pauses", 1, bench_stalls, BENCH_STALLS, BENCH_SWAPPING },
	{ "stalls_idle", "pauses", 1, bench_stalls, BENCH_STALLS, BENCH_IDLE },
	{ "stalls_woken", "pauses", 1, bench_stalls, BENCH_STALLS, BENCH_WOKEN },
	{ "stall_swaps", "swaps", 1, bench_stalls, BENCH_SWAPS, BENCH_SWAPPING },
	{ "stall_median", "ns", 1, bench_stalls, BENCH_MEDIAN, BENCH_SWAPPING },
	{ "stall_median_idle", "ns", 1, bench_stalls, BENCH_MEDIAN, BENCH_IDLE },
	{ "stall_longest", "ns", 1, bench_stalls, BENCH_LONGEST, BENCH_SWAPPING },
	{ "stall_longest_idle", "ns", 1, bench_stalls, BENCH_LONGEST, BENCH_IDLE },
	{ "commit_1", "ns", 1, bench_commit_many, 1, 0 },
	{ "commit_20", "ns", 1, bench_commit_many, 20, 0 },
	{ "commit_1000", "ns", 1, bench_commit_many, 1000, 0 },
	{ "swap_100", "ns", 1, bench_swap_many, 100, 0 },
	{ "swap_100_retire", "ns", 1, bench_retire_many, 100, 0 },
	{ "swap_1000", "ns", 1, bench_swap_many, 1000, 0 },
	{ "load_100", "cycles", 1, bench_load_many, 100, 0 },
	{ "load_1000", "cycles", 1, bench_load_many, 1000, 0 },
	{ "load_10000", "cycles", 1, bench_load_many, 10000, 0 },
	{ "load_100_beside_100", "cycles", 1, bench_load_many, 100, 100 },
	{ "load_1000_beside_100", "cycles", 1, bench_load_many, 1000, 100 },
	{ "load_10000_beside_100", "cycles", 1, bench_load_many, 10000, 100 },
	{ "load_100_beside_1000", "cycles", 1, bench_load_many, 100, 1000 },
	{ "load_1000_beside_1000", "cycles", 1, bench_load_many, 1000, 1000 },
	{ "load_10000_beside_1000", "cycles", 1, bench_load_many, 10000, 1000 },
};

#define N_MEASUREMENTS (sizeof(measurements) / sizeof(measurements[0]))

/* Shell's sort with Knuth's steps: no recursion, no memory. */
void bench_sort(uint64_t *values, uint32_t n)
{
	uint32_t step = 1;

	while (step < n / 3)
		step = 3 * step + 1;
	for (; step > 0; step /= 3) {
		for (uint32_t i = step; i < n; i++) {
			uint64_t value = values[i];
			uint32_t at = i;

			for (; at >= step && values[at - step] > value; at -= step)
				values[at] = values[at - step];
			values[at] = value;
		}
	}
}

static void report(const struct measurement *m, struct bench_samples *samples, bool json,
		   bool first)
{
	uint64_t least, median;

	bench_sort(samples->values, samples->rounds);
	least = samples->values[0] / samples->operations;
	median = samples->values[samples->rounds / 2] / samples->operations;
	if (json)
		print("%s{\"name\": \"%s\", \"min\": %lu, \"median\": %lu, \"unit\": \"%s\"}",
		      first ? "[" : ",\n ", m->name, least, median, m->unit);
	else
		print("%s\t%lu\t%lu\t%s\n", m->name, least, median, m->unit);
}

static bool is_wanted(const struct settings *settings, const char *name)
{
	bool any = false;

	for (const char *const *at = settings->names; *at; at++) {
		if (string_equal(*at, name))
			return true;
		any = any || (*at)[0] != '-';
	}
	return !any;
}

static int measure(const struct settings *settings)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	struct bench_samples samples = { .rounds = (uint32_t)settings->rounds };
	bool first = true;
	int r = heap_block_new(settings->rounds * sizeof(uint64_t), &block);

	if (r == 0)
		samples.values = heap_block_at(&block);
	for (size_t i = 0; r == 0 && i < N_MEASUREMENTS; i++) {
		if (!is_wanted(settings, measurements[i].name))
			continue;
		samples.operations = measurements[i].operations;
		samples.size = measurements[i].size;
		samples.others = measurements[i].others;
		r = measurements[i].run(&samples);
		if (r == -ENOENT && settings->names[0] == NULL) {
			r = 0; /* not in this archive, and nobody asked for it */
			continue;
		}
		if (r < 0) {
			print("bench: %s: error %d\n", measurements[i].name, r);
			return 1;
		}
		report(&measurements[i], &samples, settings->json, first);
		first = false;
	}
	if (settings->json)
		print("%s]\n", first ? "[" : "");
	return r < 0 ? 1 : 0;
}

static bool is_measurement(const char *name)
{
	for (size_t i = 0; i < N_MEASUREMENTS; i++) {
		if (string_equal(measurements[i].name, name))
			return true;
	}
	return false;
}

static int usage(void)
{
	print("usage: bench [--json] [--rounds N] [NAME ...]\n"
	      "Measures N times (1 to %d, %d by default) what the named operations cost, or "
	      "all:\n",
	      ROUNDS_MAX, ROUNDS_DEFAULT);
	for (size_t i = 0; i < N_MEASUREMENTS; i++)
		print("%s%s", measurements[i].name, i + 1 < N_MEASUREMENTS ? " " : "\n");
	return 2;
}

CELL_EXPORT int application_main(int argc, const char *const *argv)
{
	struct settings settings = { .rounds = ROUNDS_DEFAULT };
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (string_equal(argv[i], "--json"))
			settings.json = true;
		else if (!string_equal(argv[i], "--rounds") || !argv[++i] ||
			 !string_to_u64(argv[i], &settings.rounds))
			return usage();
	}
	settings.names = &argv[i];
	for (; i < argc; i++) {
		if (!is_measurement(argv[i]))
			return usage();
	}
	if (settings.rounds == 0 || settings.rounds > ROUNDS_MAX)
		return usage();
	return measure(&settings);
}

CELL("bench", 1, CELL_APPLICATION, "measures what basic operations cost, in cycles");
