/* SPDX-License-Identifier: MIT */
/*
 * Runs applications: loads, starts, supervises, starts again, unloads.
 *
 * It does not unwind (recovery does) and does not wait for a run to end (who
 * holds the handle does).  Every run is a supervisor task that owns the
 * attempt in progress: when it is killed, its cleanup kills the application's
 * task, waits for it and unloads the cell.  No state.
 */
#include <clew/application.h>

#include <clew/cell.h>
#include <clew/child.h>
#include <clew/console.h>
#include <clew/heap.h>
#include <clew/linker.h>
#include <clew/log.h>
#include <clew/recovery.h>
#include <clew/swap.h>

#include "base/format.h"
#include "base/string.h"

#define BACKOFF_MAX_NS (60 * NS_PER_S)
#define END_TRIES 200 /* a millisecond each; the cell is then unloaded later */

typedef int main_function(int argc, const char *const *argv);

/* The cell in a namespace of its own, and the task in it. */
struct attempt_record {
	namespace_ref ns;
	task_child task; /* empty: not started, or ended */
	main_function *main;
	uint32_t stack_pages; /* 0: the default */
	bool loaded;
	char name[CELL_NAME_MAX];
};
OWNER(attempt); /* word: address of a struct attempt_record in the heap */
OWN_IMPLEMENTS(attempt, "the word is the record it frees");

struct launch_record {
	attempt attempt; /* the one in progress */
	struct application_options options;
	uint32_t argc;
	char name[CELL_NAME_MAX];
	char text[APPLICATION_TEXT_MAX]; /* argc arguments, each with its zero */
};
OWNER(launch); /* word: address of a struct launch_record in the heap */
OWN_IMPLEMENTS(launch, "the word is the record it frees");

static struct attempt_record *attempt_at(const attempt *a)
{
	return (struct attempt_record *)(uintptr_t)a->word;
}

static struct launch_record *launch_at(const launch *l)
{
	return (struct launch_record *)(uintptr_t)l->word;
}

/* ---- one attempt ------------------------------------------------------------- */

/* Tasks that it started and left behind: they run in the cell that is about to go. */
static void end_tasks(const struct attempt_record *record)
{
	if (IS_EMPTY(record->ns))
		return;
	for (int i = 0; i < END_TRIES && task_kill_namespace(&record->ns) > 0; i++)
		task_sleep(NS_PER_MS);
	task_safe_point(); /* whoever comes next frees what has ended */
}

static void attempt_cleanup(attempt *place)
{
	OWN(kill_hold, hold) = task_hold_kill();
	struct attempt_record *record = attempt_at(place);
	struct diag diag;

	place->word = 0;
	if (!record)
		return;
	task_child_cleanup(&record->task);
	end_tasks(record);
	record->main = NULL; /* it would hold the cell */
	if (record->loaded && swap_dismiss(&record->ns, record->name, &diag) < 0)
		log_write("application: %s stays loaded: %s (%s)", record->name, diag.what,
			  diag.found);
	namespace_ref_cleanup(&record->ns);
	heap_free(record);
}

static int attempt_load(struct attempt_record *record, struct diag *reterr)
{
	uintptr_t address;
	int r = namespace_new(namespace_root(), record->name, &record->ns);

	if (r < 0) {
		string_copy(reterr->what, sizeof(reterr->what), "no memory for a namespace");
		return r;
	}
	r = linker_load(&record->ns, record->name, reterr);
	if (r < 0)
		return r;
	record->loaded = true;
	r = linker_symbol(&record->ns, "application_main", &address);
	if (r == -ENOMEM) {
		string_copy(reterr->what, sizeof(reterr->what), "no memory for its entry");
		return r;
	}
	if (r < 0) {
		string_copy(reterr->what, sizeof(reterr->what), "is not an application");
		string_copy(reterr->symbol, sizeof(reterr->symbol), "application_main");
		return r;
	}
	record->main = (main_function *)address;
	if (linker_symbol(&record->ns, "application_stack_pages", &address) == 0)
		record->stack_pages = *(const uint32_t *)address;
	return 0;
}

static int attempt_new(const char *name, attempt *ret, struct diag *reterr)
{
	OWN(attempt, a) = { (uintptr_t)heap_alloc(sizeof(struct attempt_record)) };
	int r;

	string_copy(reterr->cell, sizeof(reterr->cell), name);
	if (IS_EMPTY(a)) {
		string_copy(reterr->what, sizeof(reterr->what), "no memory for a run");
		return -ENOMEM;
	}
	string_copy(attempt_at(&a)->name, CELL_NAME_MAX, name);
	r = attempt_load(attempt_at(&a), reterr);
	if (r < 0)
		return r;
	PUT(*ret, MOVE(a));
	return 0;
}

/* ---- the application's task -------------------------------------------------- */

struct start {
	main_function *main;
	uint32_t argc;
	char text[APPLICATION_TEXT_MAX];
};

static int begin(struct start start)
{
	const char *argv[APPLICATION_ARGUMENTS_MAX + 1];
	const char *at = start.text;

	for (uint32_t i = 0; i < start.argc; i++) {
		argv[i] = at;
		at += string_length(at) + 1;
	}
	argv[start.argc] = NULL;
	return start.main((int)start.argc, argv);
}
TASK_ENTRY_PLAIN(begin, struct start);

static int attempt_start(const struct launch_record *run, uint32_t n)
{
	struct attempt_record *record = attempt_at(&run->attempt);
	struct start start = { .main = record->main, .argc = run->argc };
	struct task_options options = {
		.name = run->name,
		.priority = run->options.priority,
		.stack_pages = record->stack_pages,
		.ns = &record->ns,
		.restarts = n,
		.output = run->options.output,
	};

	OWN(task_handle, handle) = OWNER_EMPTY;
	int r;

	memcpy(start.text, run->text, sizeof(start.text));
	r = TASK_SPAWN(begin, &start, &options, &handle);
	if (r == 0)
		PUT(record->task, task_child_of(MOVE(handle)));
	return r;
}

/* ---- the supervisor's task ----------------------------------------------------- */

static void launch_cleanup(launch *place)
{
	struct launch_record *record = launch_at(place);

	place->word = 0;
	if (!record)
		return;
	attempt_cleanup(&record->attempt);
	heap_free(record);
}

static bool attempt_wait(struct launch_record *run, struct task_exit *ret)
{
	struct attempt_record *record = attempt_at(&run->attempt);
	int r = task_join(task_child_handle(&record->task), WAIT_FOREVER, ret);

	attempt_cleanup(&run->attempt);
	return r == 0;
}

static void report_crash(const struct launch_record *run, const struct task_exit *exit)
{
	struct fault_record fault;

	if (recovery_next_fault((uint64_t)exit->value - 1, &fault) < 0)
		return;
	print("%s: crashed (fault %d): %s\n", run->name, exit->value, fault.cause);
}

static uint64_t backoff_ns(const struct launch_record *run, uint32_t n)
{
	uint64_t backoff = run->options.backoff_ns;

	for (; n > 0 && backoff < BACKOFF_MAX_NS; n--)
		backoff *= 2;
	return backoff < BACKOFF_MAX_NS ? backoff : BACKOFF_MAX_NS;
}

/* Loads the cell afresh and starts it for the n-th time after the first. */
static int start_again(struct launch_record *run, uint32_t n)
{
	uint64_t from_ns = clock_now_ns(), us;
	struct diag diag = { .offset = DIAG_NO_OFFSET };
	int r;

	task_sleep(backoff_ns(run, n - 1));
	r = attempt_new(run->name, &run->attempt, &diag);
	if (r == 0)
		r = attempt_start(run, n);
	if (r < 0 && !diag.what[0])
		string_copy(diag.what, sizeof(diag.what), "no memory for its task");
	if (r < 0) {
		print("%s: not restarted: %s (error %d)\n", run->name, diag.what, r);
		return r;
	}
	us = (clock_now_ns() - from_ns) / NS_PER_US;
	print("%s: restarted %u of %u in %lu.%03lu ms\n", run->name, n, run->options.restarts,
	      us / 1000, us % 1000);
	return 0;
}

static struct task_exit run_to_the_end(struct launch_record *run)
{
	struct task_exit exit = { .end = TASK_KILLED };

	for (uint32_t n = 1; attempt_wait(run, &exit); n++) {
		if (exit.end != TASK_CRASHED || n > run->options.restarts)
			break;
		report_crash(run, &exit);
		if (start_again(run, n) < 0)
			break;
	}
	return exit;
}

static int supervise(launch given)
{
	struct task_exit exit;
	OWN(launch, run) = MOVE(given);

	exit = run_to_the_end(launch_at(&run));
	launch_cleanup(&run);
	if (exit.end == TASK_KILLED || exit.end == TASK_CRASHED) {
		task_unwind_of(task_current())->exit = exit;
		recovery_unwind_caller();
	}
	return exit.value;
}
TASK_ENTRY(supervise, launch);

/* ---- start --------------------------------------------------------------------- */

static int pack(struct launch_record *run, int argc, const char *const *argv)
{
	size_t used = 0;

	if (argc < 1 || argc > APPLICATION_ARGUMENTS_MAX)
		return -E2BIG;
	for (int i = 0; i < argc; i++) {
		size_t size = string_length(argv[i]) + 1;

		if (size > sizeof(run->text) - used)
			return -E2BIG;
		memcpy(run->text + used, argv[i], size);
		used += size;
	}
	run->argc = (uint32_t)argc;
	return string_copy(run->name, sizeof(run->name), argv[0]) ? 0 : -ENAMETOOLONG;
}

static int launch_new(int argc, const char *const *argv, const struct application_options *options,
		      launch *ret, struct diag *reterr)
{
	OWN(launch, run) = { (uintptr_t)heap_alloc(sizeof(struct launch_record)) };
	int r;

	if (IS_EMPTY(run)) {
		string_copy(reterr->what, sizeof(reterr->what), "no memory for a run");
		return -ENOMEM;
	}
	r = pack(launch_at(&run), argc, argv);
	if (r < 0) {
		string_copy(reterr->what, sizeof(reterr->what), "too many or too long arguments");
		return r;
	}
	if (options)
		launch_at(&run)->options = *options;
	r = attempt_new(launch_at(&run)->name, &launch_at(&run)->attempt, reterr);
	if (r < 0)
		return r;
	PUT(*ret, MOVE(run));
	return 0;
}

CELL_EXPORT int application_start(int argc, const char *const *argv,
				  const struct application_options *options, task_handle *ret,
				  struct diag *reterr)
{
	OWN(launch, run) = OWNER_EMPTY;
	struct task_options task = { .name = NULL };
	int r;

	*reterr = (struct diag){ .offset = DIAG_NO_OFFSET };
	r = launch_new(argc, argv, options, &run, reterr);
	if (r < 0)
		return r;
	task.name = launch_at(&run)->name;
	task.priority = launch_at(&run)->options.priority;
	task.output = launch_at(&run)->options.output;
	r = attempt_start(launch_at(&run), 0);
	if (r == 0)
		r = TASK_SPAWN(supervise, &run, &task, ret);
	if (r < 0)
		string_copy(reterr->what, sizeof(reterr->what), "no memory for its tasks");
	return r;
}

CELL("application", 1, CELL_SERVICE, "runs applications and starts them again after crashes");
