/* SPDX-License-Identifier: MIT */
/*
 * Application that calls the services greeter and counter from many tasks in
 * a loop, and checks every answer: the load under which cells are swapped.
 *
 * Each task also calls greeter_greet through two function pointers that it
 * took before the first round, one on its stack and one in the heap.  No
 * state: a task writes into its own part of the crew, which outlives it.
 */
#include <clew/application.h>

#include <clew/cell.h>
#include <clew/child.h>
#include <clew/clock.h>
#include <clew/console.h>
#include <clew/counter.h>
#include <clew/greeter.h>
#include <clew/heap.h>

#include "base/string.h"

#define TASKS_MAX 64
#define VERSIONS_MAX 8
#define TEXT_MAX 64

typedef uint32_t greet_function(const char *name, char *ret, size_t size);

enum service {
	GREETER,
	COUNTER,
	SERVICES
};

struct settings {
	uint64_t tasks;
	uint64_t calls;	  /* rounds of each task; 0: as long as `seconds` says */
	uint64_t time_ns; /* 0: no limit */
	bool greeter, counter;
};

/* What was seen of one version of a service. */
struct seen {
	uint32_t version; /* 0: unused */
	uint64_t calls, pointer_calls;
	char text[TEXT_MAX]; /* its greeting */
};

struct worker {
	const struct settings *settings;
	uint64_t until_ns;
	greet_function *pointer; /* the one in the heap */
	uint64_t last;		 /* number that counter gave last */
	uint64_t sum;		 /* of its numbers */
	uint64_t errors;
	struct seen seen[SERVICES][VERSIONS_MAX];
	task_child task;
};

struct crew_record {
	struct settings settings;
	uint64_t counter_before;
	uint64_t n_workers; /* that were started */
	struct worker workers[];
};
OWNER(crew_owner); /* word: address of a struct crew_record in the heap */
OWN_IMPLEMENTS(crew_owner, "the word is the record it frees");

static struct crew_record *crew_at(const crew_owner *c)
{
	return (struct crew_record *)(uintptr_t)c->word;
}

/* The workers run in this cell's text and write into the crew: neither may go before they do. */
static void crew_owner_cleanup(crew_owner *place)
{
	OWN(kill_hold, hold) = task_hold_kill();
	struct crew_record *record = crew_at(place);

	place->word = 0;
	if (!record)
		return;
	for (uint64_t i = 0; i < record->n_workers; i++)
		task_child_cleanup(&record->workers[i].task);
	heap_free(record);
}

/* ---- a worker -------------------------------------------------------------------- */

static struct seen *seen_of(struct worker *worker, struct seen *table, uint32_t version)
{
	for (int i = 0; i < VERSIONS_MAX; i++) {
		if (table[i].version == 0)
			table[i].version = version;
		if (table[i].version == version)
			return &table[i];
	}
	worker->errors++;
	return &table[VERSIONS_MAX - 1];
}

/* A version always greets in the same words. */
static struct seen *check(struct worker *worker, uint32_t version, const char *text)
{
	struct seen *seen = seen_of(worker, worker->seen[GREETER], version);

	if (!seen->text[0])
		string_copy(seen->text, sizeof(seen->text), text);
	if (!string_equal(seen->text, text))
		worker->errors++;
	return seen;
}

static void greet_round(struct worker *worker, greet_function *on_stack)
{
	char text[TEXT_MAX];
	uint32_t version;

	version = greeter_greet("hammer", text, sizeof(text));
	check(worker, version, text)->calls++;
	version = on_stack("hammer", text, sizeof(text));
	check(worker, version, text)->pointer_calls++;
	version = worker->pointer("hammer", text, sizeof(text));
	check(worker, version, text)->pointer_calls++;
}

static void count_round(struct worker *worker)
{
	uint64_t number = counter_next();

	if (number <= worker->last)
		worker->errors++;
	worker->last = number;
	worker->sum += number;
	seen_of(worker, worker->seen[COUNTER], counter_version())->calls++;
}

static bool goes_on(const struct worker *worker, uint64_t round)
{
	if (worker->settings->calls > 0 && round >= worker->settings->calls)
		return false;
	return worker->until_ns == 0 || clock_now_ns() < worker->until_ns;
}

static int work(struct worker *worker)
{
	greet_function *volatile on_stack = greeter_greet;

	for (uint64_t round = 0; goes_on(worker, round); round++) {
		if (worker->settings->greeter)
			greet_round(worker, on_stack);
		if (worker->settings->counter)
			count_round(worker);
		task_safe_point();
	}
	return 0;
}

typedef struct worker *worker_pointer;
TASK_ENTRY_PLAIN(work, worker_pointer);

/* ---- the report -------------------------------------------------------------------- */

static void merge(const struct seen *from, struct seen *to)
{
	for (int i = 0; i < VERSIONS_MAX && from[i].version != 0; i++) {
		int k = 0;

		while (k < VERSIONS_MAX - 1 && to[k].version != 0 &&
		       to[k].version != from[i].version)
			k++;
		to[k].version = from[i].version;
		to[k].calls += from[i].calls;
		to[k].pointer_calls += from[i].pointer_calls;
	}
}

static uint64_t report(const struct crew_record *crew, enum service service)
{
	static const char *const names[SERVICES] = { "greeter", "counter" };
	struct seen seen[VERSIONS_MAX] = { 0 };
	uint64_t calls = 0;

	for (uint64_t i = 0; i < crew->n_workers; i++)
		merge(crew->workers[i].seen[service], seen);
	for (int i = 0; i < VERSIONS_MAX && seen[i].version != 0; i++) {
		print("%-8s %7u %12lu %14lu\n", names[service], seen[i].version, seen[i].calls,
		      seen[i].pointer_calls);
		calls += seen[i].calls + seen[i].pointer_calls;
	}
	return calls;
}

/*
 * Each number once: the workers' numbers are before + 1 to before + n, when
 * nobody else called meanwhile, and then their sum is known.
 */
static uint64_t counter_errors(const struct crew_record *crew)
{
	uint64_t n = counter_value() - crew->counter_before, sum = 0, calls = 0;

	for (uint64_t i = 0; i < crew->n_workers; i++) {
		const struct worker *worker = &crew->workers[i];

		sum += worker->sum;
		for (int k = 0; k < VERSIONS_MAX; k++)
			calls += worker->seen[COUNTER][k].calls;
	}
	if (n > calls)
		return 0;
	return n < calls || sum != n * crew->counter_before + n * (n + 1) / 2;
}

static int report_all(const struct crew_record *crew, uint64_t time_ns)
{
	uint64_t calls = 0, errors = counter_errors(crew), ms = time_ns / NS_PER_MS;

	for (uint64_t i = 0; i < crew->n_workers; i++)
		errors += crew->workers[i].errors;
	print("SERVICE  VERSION        CALLS  POINTER CALLS\n");
	calls += report(crew, GREETER);
	calls += report(crew, COUNTER);
	print("%lu calls by %lu tasks in %lu.%03lu s, %lu errors\n", calls, crew->n_workers,
	      ms / 1000, ms % 1000, errors);
	return errors > 0;
}

/* ---- start ----------------------------------------------------------------------------- */

static int start_worker(struct crew_record *crew, uint64_t until_ns)
{
	struct worker *worker = &crew->workers[crew->n_workers];
	OWN(task_handle, handle) = OWNER_EMPTY;
	int r;

	worker->settings = &crew->settings;
	worker->until_ns = until_ns;
	worker->pointer = greeter_greet;
	r = TASK_SPAWN(work, &worker, NULL, &handle);
	if (r < 0)
		return r;
	PUT(worker->task, task_child_of(MOVE(handle)));
	crew->n_workers++;
	return 0;
}

static int hire(const struct settings *settings, crew_owner *ret)
{
	size_t size = sizeof(struct crew_record) + settings->tasks * sizeof(struct worker);
	uint64_t until_ns = settings->time_ns > 0 ? clock_now_ns() + settings->time_ns : 0;
	OWN(crew_owner, c) = { (uintptr_t)heap_alloc(size) };

	if (IS_EMPTY(c))
		return -ENOMEM;
	crew_at(&c)->settings = *settings;
	crew_at(&c)->counter_before = counter_value();
	for (uint64_t i = 0; i < settings->tasks; i++) {
		int r = start_worker(crew_at(&c), until_ns);

		if (r < 0)
			return r;
	}
	PUT(*ret, MOVE(c));
	return 0;
}

/* A worker that crashed is an error of the service that it called. */
static void await(struct crew_record *crew)
{
	struct task_exit exit;

	for (uint64_t i = 0; i < crew->n_workers; i++) {
		struct worker *worker = &crew->workers[i];

		int r = task_join(task_child_handle(&worker->task), WAIT_FOREVER, &exit);

		if (r != 0 || exit.end != TASK_RETURNED)
			worker->errors++;
	}
}

static int hammer(const struct settings *settings)
{
	OWN(crew_owner, c) = OWNER_EMPTY;
	uint64_t from_ns = clock_now_ns();
	int r = hire(settings, &c);

	if (r < 0) {
		print("hammer: cannot start %lu tasks: error %d\n", settings->tasks, r);
		return 1;
	}
	await(crew_at(&c));
	return report_all(crew_at(&c), clock_now_ns() - from_ns);
}

/* ---- options ------------------------------------------------------------------------------ */

/* Takes an option and its value, or a service's name; returns how many arguments, 0: neither. */
static int take(struct settings *settings, const char *word, const char *value)
{
	uint64_t number = 0;
	bool both = string_equal(word, "both");

	if (both || string_equal(word, "greeter") || string_equal(word, "counter")) {
		settings->greeter = both || string_equal(word, "greeter");
		settings->counter = both || string_equal(word, "counter");
		return 1;
	}
	if (!value || !string_to_u64(value, &number) || number == 0)
		return 0;
	if (string_equal(word, "--tasks") && number <= TASKS_MAX)
		settings->tasks = number;
	else if (string_equal(word, "--calls"))
		settings->calls = number;
	else if (string_equal(word, "--seconds") && number <= 86400)
		settings->time_ns = number * NS_PER_S;
	else
		return 0;
	return 2;
}

CELL_EXPORT int application_main(int argc, const char *const *argv)
{
	struct settings settings = { .tasks = 4, .greeter = true, .counter = true };

	for (int i = 1; i < argc;) {
		int taken = take(&settings, argv[i], argv[i + 1]);

		if (taken == 0) {
			print("usage: hammer [--tasks N] [--calls N] [--seconds S] "
			      "[greeter|counter|both]\n"
			      "N tasks (1 to %d) call the services in a loop, N times each or for "
			      "S seconds.\n",
			      TASKS_MAX);
			return 2;
		}
		i += taken;
	}
	if (settings.calls == 0 && settings.time_ns == 0)
		settings.calls = 1000;
	return hammer(&settings);
}

CELL("hammer", 1, CELL_APPLICATION, "many tasks call greeter and counter and check the answers");
