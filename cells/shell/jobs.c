/* SPDX-License-Identifier: MIT */
/*
 * Running applications, in front and as jobs.
 *
 * The table of jobs is the shell's state; a job's handle stays in it until the
 * job was waited for.  A slot is claimed by the one task that waits for it,
 * with interrupts off, and changes while claimed by that task only.
 */
#include "jobs.h"

#include <clew/application.h>
#include <clew/child.h>
#include <clew/console.h>
#include <clew/irq.h>

#include "base/format.h"
#include "base/string.h"
#include "command.h"
#include "table.h"

#define BACKOFF_DEFAULT_NS (10 * NS_PER_MS)
#define STOP_NS (2 * NS_PER_S)

OWNER(job_claim); /* word: address of a struct job in the shell's state */
OWN_IMPLEMENTS(job_claim, "the word is the job in the table");

static struct job *job_of(const job_claim *claim)
{
	return (struct job *)(uintptr_t)claim->word;
}

/* Gives the job back to the table: it is still there when its end was not seen. */
static void job_claim_cleanup(job_claim *place)
{
	struct job *job = job_of(place);

	place->word = 0;
	if (job)
		job->claimed = false;
}

static job_claim job_take(struct job *job)
{
	OWN(irq_guard, guard) = irq_off();

	if (!job || job->number == 0 || job->claimed)
		return (job_claim)OWNER_EMPTY;
	job->claimed = true;
	return (job_claim){ (uintptr_t)job };
}

static struct job *job_numbered(uint64_t number)
{
	struct jobs *jobs = shell_jobs();

	for (int i = 0; i < JOBS_MAX; i++) {
		if (jobs->jobs[i].number == number && number != 0)
			return &jobs->jobs[i];
	}
	return NULL;
}

static struct job *job_last(void)
{
	struct jobs *jobs = shell_jobs();
	struct job *last = NULL;

	for (int i = 0; i < JOBS_MAX; i++) {
		if (jobs->jobs[i].number != 0 && (!last || jobs->jobs[i].number > last->number))
			last = &jobs->jobs[i];
	}
	return last;
}

/* "%3" or "3". */
static struct job *job_called(const char *word)
{
	uint64_t number;

	if (!string_to_u64(word + (word[0] == '%'), &number))
		return NULL;
	return job_numbered(number);
}

static bool task_is(uint64_t id, enum task_phase *ret)
{
	struct task_info info;

	if (task_next(id - 1, &info) < 0 || info.id != id)
		return false;
	*ret = info.state;
	return true;
}

static bool job_has_ended(const struct job *job)
{
	enum task_phase state;

	return !task_is(task_handle_id(&job->task), &state) || state == TASK_ENDED;
}

/* ---- waiting ------------------------------------------------------------------- */

/* Waits for a claimed job, says how it ended, forgets it.  Returns its exit status. */
static int job_collect(struct job *job)
{
	struct task_exit exit = { .end = TASK_KILLED };
	char name[JOB_TEXT_MAX];
	int r = task_join(&job->task, WAIT_FOREVER, &exit);

	string_copy(name, sizeof(name), job->text);
	print("[%lu] ended: %s\n", job->number, name);
	if (r != 0)
		task_handle_cleanup(&job->task);
	job->number = 0;
	return report_end(task_output(), name, &exit);
}

static int wait_for(const struct call *call, struct job *job)
{
	OWN(job_claim, claim) = job_take(job);

	if (IS_EMPTY(claim)) {
		print("%s: %s\n", call->command->name,
		      job ? "another task waits for this job" : "no such job");
		return STATUS_FAILED;
	}
	return job_collect(job);
}

int command_wait(const struct call *call)
{
	const char *word;
	int status = 0;

	if (!command_optional(call, &word))
		return command_usage(call);
	if (word)
		return wait_for(call, job_called(word));
	for (uint64_t number = 1; number <= shell_jobs()->last; number++) {
		struct job *job = job_numbered(number);

		if (job && wait_for(call, job) != 0)
			status = STATUS_FAILED;
	}
	return status;
}

/* While it lives, its task's end is the job's end too: Ctrl-C kills who holds it. */
OWNER(job_in_front); /* word: task id */
OWN_IMPLEMENTS(job_in_front, "the word is the task that Ctrl-C kills");

static void job_in_front_cleanup(job_in_front *place)
{
	uint64_t id = place->word;

	place->word = 0;
	if (id != 0 && task_kill(id) < 0)
		return; /* it has ended already */
}

int command_fg(const struct call *call)
{
	const char *word;
	struct job *job;
	int status;

	if (!command_optional(call, &word))
		return command_usage(call);
	job = word ? job_called(word) : job_last();
	OWN(job_in_front, front) = { job ? task_handle_id(&job->task) : 0 };
	status = wait_for(call, job);
	front.word = 0;
	return status;
}

int command_jobs(const struct call *call)
{
	static const struct table_column columns[] = {
		{ "id", TABLE_NUMBER, 3 },
		{ "task", TABLE_NUMBER, 5 },
		{ "state", TABLE_TEXT, 8 },
		{ "command", TABLE_TEXT, 40 },
	};
	const struct jobs *jobs = shell_jobs();
	struct table table;

	if (call->argc != 1)
		return command_usage(call);
	TABLE_BEGIN(&table, columns, call->json);
	for (uint64_t number = 1; number <= jobs->last; number++) {
		const struct job *job = job_numbered(number);

		if (!job)
			continue;
		table_put(&table, job->number);
		table_put(&table, task_handle_id(&job->task));
		table_put_text(&table, job_has_ended(job) ? "ended" : "running");
		table_put_text(&table, job->text);
	}
	table_end(&table);
	return 0;
}

void jobs_report(void)
{
	for (uint64_t number = 1; number <= shell_jobs()->last; number++) {
		struct job *job = job_numbered(number);

		if (!job || !job_has_ended(job))
			continue;
		OWN(job_claim, claim) = job_take(job);
		if (!IS_EMPTY(claim))
			job_collect(job);
	}
}

void jobs_stop_all(void)
{
	uint64_t until_ns = clock_now_ns() + STOP_NS;
	struct jobs *jobs = shell_jobs();

	for (int i = 0; i < JOBS_MAX; i++) {
		struct job *job = &jobs->jobs[i];

		if (job->number == 0 || task_kill(task_handle_id(&job->task)) < 0)
			continue;
		while (!job_has_ended(job) && clock_now_ns() < until_ns)
			task_sleep(NS_PER_MS);
	}
}

/* ---- running ---------------------------------------------------------------------- */

struct request {
	struct application_options options;
	int argc;
	const char *const *argv;
};

/* "N" or "N,MS" */
static bool parse_restart(const char *word, struct application_options *options)
{
	char number[24];
	size_t n = 0;
	uint64_t value;

	while (word[n] && word[n] != ',' && n < sizeof(number) - 1) {
		number[n] = word[n];
		n++;
	}
	number[n] = 0;
	if (!string_to_u64(number, &value) || value > UINT32_MAX)
		return false;
	options->restarts = (uint32_t)value;
	options->backoff_ns = BACKOFF_DEFAULT_NS;
	if (word[n] == 0)
		return true;
	if (word[n] != ',' || !string_to_u64(word + n + 1, &value) || value > UINT32_MAX)
		return false;
	options->backoff_ns = value * NS_PER_MS;
	return true;
}

static bool parse_priority(const char *word, struct application_options *options)
{
	uint64_t value;

	if (!string_to_u64(word, &value) || value >= SCHEDULER_PRIORITIES)
		return false;
	options->priority = (uint32_t)value + 1;
	return true;
}

static bool parse_request(const struct call *call, struct request *ret)
{
	int i = 1;

	for (; i + 1 < call->argc && call->argv[i][0] == '-'; i += 2) {
		const char *option = call->argv[i], *value = call->argv[i + 1];

		if (string_equal(option, "--restart") && parse_restart(value, &ret->options))
			continue;
		if (string_equal(option, "--priority") && parse_priority(value, &ret->options))
			continue;
		return false;
	}
	ret->argc = call->argc - i;
	ret->argv = call->argv + i;
	return ret->argc > 0 && ret->argv[0][0] != '-';
}

static void join_words(char *to, size_t size, const struct request *request)
{
	size_t length = 0;

	for (int i = 0; i < request->argc && length < size; i++)
		length += format_text(to + length, size - length, "%s%s", i > 0 ? " " : "",
				      request->argv[i]);
}

static int start(const struct call *call, const struct request *request, task_handle *ret)
{
	struct diag diag;
	int r = application_start(request->argc, request->argv, &request->options, ret, &diag);

	return r != 0 ? report_error(call, r, &diag) : 0;
}

static int run_in_front(const struct call *call, const struct request *request)
{
	OWN(task_handle, handle) = OWNER_EMPTY;
	struct task_exit exit;
	int status = start(call, request, &handle);

	if (status != 0)
		return status;
	OWN(task_child, child) = task_child_of(MOVE(handle));
	if (task_join(task_child_handle(&child), WAIT_FOREVER, &exit) != 0)
		return STATUS_FAILED;
	return report_end(call->client, request->argv[0], &exit);
}

static struct job *free_slot(void)
{
	struct jobs *jobs = shell_jobs();

	for (int i = 0; i < JOBS_MAX; i++) {
		if (jobs->jobs[i].number == 0 && !jobs->jobs[i].claimed)
			return &jobs->jobs[i];
	}
	return NULL;
}

static int run_as_job(const struct call *call, const struct request *request)
{
	OWN(task_handle, handle) = OWNER_EMPTY;
	struct job *job;
	int status = start(call, request, &handle);

	if (status != 0)
		return status;
	OWN(irq_guard, guard) = irq_off();
	job = free_slot();
	if (job) {
		join_words(job->text, sizeof(job->text), request);
		PUT(job->task, MOVE(handle));
		job->number = ++shell_jobs()->last;
	}
	irq_guard_cleanup(&guard);
	if (!IS_EMPTY(handle)) {
		OWN(task_child, child) = task_child_of(MOVE(handle));
		report_line(call->client, "run: there are %d jobs already\n", JOBS_MAX);
		return STATUS_FAILED;
	}
	report_line(call->client, "[%lu] task %lu\n", job->number, task_handle_id(&job->task));
	return 0;
}

int command_run(const struct call *call)
{
	struct request request = { .argc = 0 };

	if (!parse_request(call, &request))
		return command_usage(call);
	return call->background ? run_as_job(call, &request) : run_in_front(call, &request);
}

int command_kill(const struct call *call)
{
	uint64_t id;
	int r;

	if (call->argc != 2)
		return command_usage(call);
	if (call->argv[1][0] == '%') {
		const struct job *job = job_called(call->argv[1]);

		id = job ? task_handle_id(&job->task) : UINT64_MAX;
	} else if (!command_number(call, call->argv[1], &id)) {
		return STATUS_FAILED;
	}
	r = task_kill(id);
	if (r == 0)
		return 0;
	print("kill: %s: %s\n", call->argv[1],
	      r == -ENOENT ? "no such task" : "this task cannot be killed");
	return STATUS_FAILED;
}
