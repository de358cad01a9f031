/* SPDX-License-Identifier: MIT */
/*
 * Application: tries operations with the k-th request for memory failing, for
 * k = 1, 2, 3 ... until one is done before its k-th request comes.
 *
 * usage: k_th [--on] [--step N] [OPERATION]
 *
 * After an attempt that failed, a dump of all there is must be as before, and
 * the operation must work.  --on: the requests after the k-th fail too.
 * Prints a line for each operation: requests, how many attempts failed, how
 * many succeeded in spite of the failure, and whether all of it was right.
 */
#include <clew/application.h>

#include <clew/cell.h>
#include <clew/console.h>
#include <clew/memory.h>
#include <clew/swap.h>

#include "base/string.h"
#include "dump.h"
#include "failure.h"
#include "operations.h"

#define DUMP_PAGES 384
#define LINE_MAX 150
#define ROUNDS_MAX 5000
#define IDLE_MAX 3
#define DENSE 4	  /* up to this one, each is tried, whatever the step */
#define DIED 1000 /* the attempt's task crashed */

struct trial {
	const struct operation *operation;
	enum failure_extent extent;
	uint64_t step;
	struct dump before, after;
	uint64_t requests, failed, succeeded, wrong;
};

static void held_cleanup(struct held *held)
{
	struct task_exit exit;

	if (!IS_EMPTY(held->task) && task_join(&held->task, WAIT_FOREVER, &exit) != 0)
		print("a task cannot be joined\n");
	channel_tx_cleanup(&held->tx);
	channel_rx_cleanup(&held->rx);
	namespace_ref_cleanup(&held->ns);
}

/*
 * Lets go what can: ended tasks, replaced versions.  A version of the task
 * cell in which this very task began stays, however long one waits.
 */
static void settle(void)
{
	struct swap_pending pending;
	int idle = 0;

	task_sleep(NS_PER_MS);
	task_safe_point();
	while (swap_next_pending(0, &pending) == 0 && idle < IDLE_MAX) {
		idle = swap_retire() > 0 ? 0 : idle + 1;
		task_sleep(NS_PER_MS);
	}
}

static void print_line(const char *label, const char *line)
{
	char text[LINE_MAX];
	size_t length = 0;

	while (length + 1 < sizeof(text) && line[length] && line[length] != '\n') {
		text[length] = line[length];
		length++;
	}
	text[length] = 0;
	print("  %s %s\n", label, text);
}

static void expect_as_before(struct trial *trial, uint64_t k)
{
	const char *before, *after;

	dump_take(&trial->after);
	if (!dump_differs(&trial->before, &trial->after, &before, &after))
		return;
	trial->wrong++;
	print("%s, request %lu:\n", trial->operation->name, k);
	print_line("before", before);
	print_line("after ", after);
}

/* ---- attempts, in a task of their own: it leaves no words on a stack that lives on ---- */

struct errand {
	struct trial *trial; /* borrowed from who waits for the task */
	struct held *held;
	struct diag *diag;
	uint64_t *requests;
	uint64_t k; /* 0: nothing fails */
};

static int attempt(struct errand errand)
{
	const struct operation *operation = errand.trial->operation;
	int r;

	errand.held->k = errand.k;
	failure_arm(operation->is_copy ? 0 : errand.k, errand.trial->extent);
	r = operation->attempt(operation, errand.held, errand.diag);
	*errand.requests = failure_disarm();
	if (operation->is_copy)
		*errand.requests = errand.held->pages;
	return r;
}
TASK_ENTRY_PLAIN(attempt, struct errand);

static int undo(struct errand errand)
{
	return errand.trial->operation->undo(errand.trial->operation, errand.held);
}
TASK_ENTRY_PLAIN(undo, struct errand);

static int result(task_handle given)
{
	OWN(task_handle, handle) = MOVE(given);
	struct task_exit exit;

	if (task_join(&handle, WAIT_FOREVER, &exit) != 0)
		return -EIO;
	(void)failure_disarm();
	return exit.end == TASK_RETURNED ? exit.value : DIED;
}

static int attempt_in_task(struct errand *errand)
{
	task_handle handle = OWNER_EMPTY;
	int r = TASK_SPAWN(attempt, errand, NULL, &handle);

	return r < 0 ? -EIO : result(MOVE(handle));
}

static int undo_in_task(struct errand *errand)
{
	task_handle handle = OWNER_EMPTY;
	int r = TASK_SPAWN(undo, errand, NULL, &handle);

	return r < 0 ? -EIO : result(MOVE(handle));
}

/* Without a failure: it works, and what it did can be taken back. */
static bool works(struct trial *trial)
{
	__attribute__((cleanup(held_cleanup))) struct held held = { .ns = OWNER_EMPTY };
	struct diag diag = { .offset = DIAG_NO_OFFSET };
	uint64_t requests;
	struct errand errand = { trial, &held, &diag, &requests, 0 };
	int r = attempt_in_task(&errand);

	if (r != 0) {
		print("%s: %d: %s %s\n", trial->operation->name, r, diag.what, diag.expected);
		return false;
	}
	r = undo_in_task(&errand);
	if (r != 0)
		print("%s: cannot be undone: %d\n", trial->operation->name, r);
	settle();
	return r == 0;
}

static void complain(struct trial *trial, uint64_t k, const char *what, int r)
{
	trial->wrong++;
	print("%s, request %lu: %s (%d)\n", trial->operation->name, k, what, r);
}

/* What failed must have failed for that reason, and must say so. */
static void check_failure(struct trial *trial, uint64_t k, uint64_t requests, int r,
			  const struct diag *diag)
{
	trial->failed++;
	if (trial->operation->is_copy) {
		if (r != DIED)
			complain(trial, k, "the copy did not fault", r);
		return;
	}
	if (r == DIED)
		complain(trial, k, "a task died", r);
	if (requests < k)
		complain(trial, k, "failed before its request", r);
	if (r < 0 && r != -ENOMEM)
		complain(trial, k, "another error than out of memory", r);
	if (r < 0 && !diag->what[0])
		complain(trial, k, "fails without a word", r);
}

/* Whether the k-th request came. */
static bool fail_one(struct trial *trial, uint64_t k)
{
	__attribute__((cleanup(held_cleanup))) struct held held = { .ns = OWNER_EMPTY };
	struct diag diag = { .offset = DIAG_NO_OFFSET };
	uint64_t requests = 0;
	struct errand errand = { trial, &held, &diag, &requests, k };
	int r = attempt_in_task(&errand);

	if (r != 0) {
		check_failure(trial, k, requests, r, &diag);
	} else {
		trial->requests = requests;
		trial->succeeded += requests >= k;
		if (undo_in_task(&errand) != 0)
			complain(trial, k, "cannot be undone", 0);
	}
	settle();
	if (r != 0 || trial->operation->leaves_nothing)
		expect_as_before(trial, k);
	else
		dump_take(&trial->before);
	return r != 0 || requests >= k;
}

static void fail_each(struct trial *trial)
{
	if (!works(trial) || !works(trial)) {
		trial->wrong++;
		return;
	}
	dump_take(&trial->before);
	for (uint64_t k = 1; k < ROUNDS_MAX; k += k < DENSE ? 1 : trial->step) {
		if (!fail_one(trial, k))
			return;
		if (trial->wrong > 5 || !works(trial))
			break;
		dump_take(&trial->before);
	}
	trial->wrong++;
}

static void try(struct trial *trial, const struct operation *operation)
{
	trial->operation = operation;
	trial->requests = trial->failed = trial->succeeded = trial->wrong = 0;
	if (operation->prepare && operation->prepare(operation) != 0) {
		print("%s: cannot be prepared\n", operation->name);
		trial->wrong++;
	} else {
		fail_each(trial);
	}
	if (operation->end && operation->end(operation) != 0) {
		print("%s: cannot be ended\n", operation->name);
		trial->wrong++;
	}
	print("%-16s %5lu requests %5lu failed %5lu done all the same %s\n", operation->name,
	      trial->requests, trial->failed, trial->succeeded, trial->wrong ? "WRONG" : "right");
}

static bool parse(int argc, const char *const *argv, struct trial *trial, const char **ret_name)
{
	for (int i = 1; i < argc; i++) {
		if (string_equal(argv[i], "--on"))
			trial->extent = FAILURE_ON;
		else if (string_equal(argv[i], "--step") && i + 1 < argc)
			i += string_to_u64(argv[i + 1], &trial->step) ? 1 : argc;
		else if (argv[i][0] != '-' && !*ret_name)
			*ret_name = argv[i];
		else
			return false;
	}
	return trial->step > 0;
}

/* What is tried when it is asked for only. */
static bool is_apart(const char *name)
{
	return string_starts(name, "planted-") || string_starts(name, "alone-");
}

CELL_EXPORT int application_main(int argc, const char *const *argv)
{
	OWN(map_rw, before) = OWNER_EMPTY;
	OWN(map_rw, after) = OWNER_EMPTY;
	struct trial trial = { .step = 1, .extent = FAILURE_ONCE };
	const struct operation *operation;
	const char *name = NULL;
	uint64_t wrong = 0;

	if (!parse(argc, argv, &trial, &name)) {
		print("usage: k_th [--on] [--step N] [OPERATION]\n");
		return 2;
	}
	if (map_rw_new(DUMP_PAGES, FRAME_BUFFER, &before) < 0 ||
	    map_rw_new(DUMP_PAGES, FRAME_BUFFER, &after) < 0) {
		print("k_th: out of memory\n");
		return 1;
	}
	trial.before = (struct dump){ map_rw_at(&before), map_rw_size(&before), 0 };
	trial.after = (struct dump){ map_rw_at(&after), map_rw_size(&after), 0 };
	for (size_t i = 0; (operation = operation_at(i)); i++) {
		if (!string_starts(operation->name, name ? name : "") ||
		    (!name && is_apart(operation->name)))
			continue;
		try(&trial, operation);
		wrong += trial.wrong;
	}
	return wrong > 0;
}

CELL("k_th", 1, CELL_APPLICATION, "lets the k-th request for memory fail, for every k");
