/* SPDX-License-Identifier: MIT */
/*
 * Everything at once, at random: tasks send and receive owners, lock, sleep
 * and compute, while others kill and restart them.  Preempted at safe points
 * by a fixed seed, and at any instruction by a signal of the host.
 *
 * While the storm lasts, no task but the first calls the test library.
 */
#include <clew/channel.h>
#include <clew/mutex.h>

#include <stdlib.h>

#include "machine.h"

#define WORKERS 12
#define CHANNELS 3
#define TOKENS 100000u

/* ---- tokens: each is made once and released once --------------------------------- */

OWNER(token); /* word: index + 1 */

static volatile uint8_t alive[TOKENS];
static volatile uint32_t n_made, n_released;
static volatile uint32_t errors;
static const char *volatile first_error;

static void wrong(const char *what)
{
	if (errors++ == 0)
		first_error = what;
}

static token token_new(void)
{
	OWN(irq_guard, guard) = irq_off();

	if (n_made == TOKENS)
		return (token)OWNER_EMPTY;
	alive[n_made] = 1;
	return (token){ ++n_made };
}

static void token_cleanup(token *place)
{
	OWN(irq_guard, guard) = irq_off();

	if (place->word == 0)
		return;
	if (place->word > n_made || !alive[place->word - 1])
		wrong("a token was released twice");
	else
		alive[place->word - 1] = 0;
	place->word = 0;
	n_released++;
}

CHANNEL(tokens, token);

/* ---- what all work on ------------------------------------------------------------- */

struct pair {
	volatile uint64_t a, b; /* equal whenever nobody holds the lock */
};
MUTEX(pairs, struct pair);

static struct {
	channel_tx tx[CHANNELS];
	channel_rx rx[CHANNELS];
	struct pairs pairs;
} shared;

static volatile uint32_t n_received;

static uint64_t next_random(uint64_t *state, uint64_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 11) % below;
}

static uint64_t some_deadline(uint64_t *state)
{
	switch (next_random(state, 3)) {
	case 0:
		return WAIT_NOT;
	case 1:
		return clock_now_ns() + next_random(state, 20) * NS_PER_MS;
	default:
		return clock_now_ns() + 200 * NS_PER_MS;
	}
}

/* It may have ended meanwhile. */
static void try_kill(uint64_t id)
{
	int r = task_kill(id);

	if (r != 0 && r != -ENOENT)
		wrong("kill returned something else");
}

/* ---- what a worker does ------------------------------------------------------------ */

static void work_send(uint64_t *state)
{
	OWN(token, mine) = token_new();
	uint64_t word = mine.word;
	int r;

	if (IS_EMPTY(mine))
		return;
	r = tokens_send(&shared.tx[next_random(state, CHANNELS)], &mine, some_deadline(state));
	if (r != 0 && r != CHANNEL_E_TIMEOUT)
		wrong("send returned something else");
	if (r != 0 && (mine.word != word || !alive[word - 1]))
		wrong("a send that failed took the message");
}

static void work_receive(uint64_t *state)
{
	OWN(token, got) = OWNER_EMPTY;
	int r = tokens_receive(&shared.rx[next_random(state, CHANNELS)], &got,
			       some_deadline(state));

	if (r == 0 && (IS_EMPTY(got) || !alive[got.word - 1]))
		wrong("a message arrived that is not alive");
	if (r != 0 && (r != CHANNEL_E_TIMEOUT || !IS_EMPTY(got)))
		wrong("receive returned something else");
	if (r == 0)
		n_received++;
}

static void work_lock(uint64_t *state)
{
	OWN(pairs_guard, guard) = OWNER_EMPTY;
	struct pair *pair;
	int r = pairs_lock(&shared.pairs, some_deadline(state), &guard);

	if (r == MUTEX_E_TIMEOUT)
		return;
	if (r != 0) {
		wrong("lock returned something else");
		return;
	}
	pair = pairs_data(&guard);
	if (pair->a != pair->b)
		wrong("two tasks hold the lock");
	pair->a++;
	for (volatile uint64_t i = next_random(state, 300); i > 0; i--)
		;
	/* Not a safe point, so that a kill does not come in between. */
	pair->b++;
	if (next_random(state, 2) == 0)
		task_yield();
	if (pair->a != pair->b)
		wrong("two tasks hold the lock");
}

/* Sixteen vector registers and the flags, which only an interrupt could disturb. */
static void work_compute(uint64_t *state)
{
	double sums[8] = { 0 };
	uint64_t n = 100 + next_random(state, 2000);

	for (uint64_t i = 1; i <= n; i++) {
		for (int k = 0; k < 8; k++)
			sums[k] += (double)(i * (uint64_t)(k + 1));
	}
	for (int k = 0; k < 8; k++) {
		if (sums[k] != (double)(n * (n + 1) / 2 * (uint64_t)(k + 1)))
			wrong("a computation was disturbed");
	}
}

static int child(uint64_t seed)
{
	work_compute(&seed);
	task_yield();
	return (int)(seed % 1000);
}
TASK_ENTRY_PLAIN(child, uint64_t);

static void work_spawn(uint64_t *state)
{
	OWN(task_handle, task) = OWNER_EMPTY;
	uint64_t seed = next_random(state, 1ull << 40) + 1;
	struct task_exit exit;

	if (TASK_SPAWN(child, &seed, NULL, &task) != 0) {
		wrong("spawn failed");
		return;
	}
	if (next_random(state, 4) == 0)
		return; /* detached */
	if (next_random(state, 4) == 0)
		try_kill(task.word);
	if (task_join(&task, WAIT_FOREVER, &exit) != 0)
		wrong("join failed");
	else if (exit.end == TASK_RETURNED && (exit.value < 0 || exit.value > 999))
		wrong("a wrong value");
}

struct job {
	uint64_t seed;
	uint32_t rounds;
};

static int worker(struct job job)
{
	for (uint32_t i = 0; i < job.rounds; i++) {
		OWN(token, held) = token_new();

		switch (next_random(&job.seed, 7)) {
		case 0:
		case 1:
			work_send(&job.seed);
			break;
		case 2:
		case 3:
			work_receive(&job.seed);
			break;
		case 4:
			work_lock(&job.seed);
			break;
		case 5:
			work_compute(&job.seed);
			if (next_random(&job.seed, 2) == 0)
				work_spawn(&job.seed);
			break;
		default:
			task_sleep(next_random(&job.seed, 10) * NS_PER_MS);
			break;
		}
	}
	return 1;
}
TASK_ENTRY_PLAIN(worker, struct job);

/* Restarts whoever is parked, as a swap would, until it is killed. */
static int restarter(uint64_t seed)
{
	for (;;) {
		struct task_memory memory;

		for (uint64_t id = 0; task_memory_next(id, &memory) == 0; id = memory.id) {
			OWN(irq_guard, guard) = irq_off();
			struct task_memory now;

			if (task_memory_next(memory.id - 1, &now) == 0 && now.id == memory.id &&
			    now.parked && next_random(&seed, 2) == 0)
				task_restart(now.task);
		}
		task_sleep((1 + next_random(&seed, 5)) * NS_PER_MS);
	}
	return 0;
}
TASK_ENTRY_PLAIN(restarter, uint64_t);

/* ---- rounds ------------------------------------------------------------------------- */

static void open_channels(void)
{
	for (int i = 0; i < CHANNELS; i++)
		ck_assert_int_eq(tokens_channel_new((size_t)i, &shared.tx[i], &shared.rx[i]), 0);
}

static void close_channels(void)
{
	for (int i = 0; i < CHANNELS; i++) {
		channel_tx_drop(MOVE(shared.tx[i]));
		channel_rx_drop(MOVE(shared.rx[i]));
	}
}

/* Some are killed at a random time; the others end by themselves. */
static void kill_some(task_handle *workers)
{
	for (int i = 0; i < WORKERS / 3; i++) {
		task_sleep(random_below(30) * NS_PER_MS);
		try_kill(workers[random_below(WORKERS)].word);
	}
}

static void run_round(uint32_t rounds)
{
	task_handle workers[WORKERS] = { OWNER_EMPTY };
	OWN(task_handle, restart) = OWNER_EMPTY;
	/* The lowest: it wakes tasks faster than they can park again, and would starve others. */
	struct task_options lowest = { .priority = 1 };
	uint64_t seed = random_below(1u << 30) + 1;
	struct task_exit exit;

	if (TASK_SPAWN(restarter, &seed, &lowest, &restart) != 0)
		wrong("spawn failed");
	for (int i = 0; i < WORKERS; i++) {
		struct task_options options = { .priority = 1 + 3 + (uint32_t)random_below(3) };
		struct job job = { random_below(1u << 30) + 1, rounds };

		if (TASK_SPAWN(worker, &job, &options, &workers[i]) != 0)
			wrong("spawn failed");
	}
	kill_some(workers);
	for (int i = 0; i < WORKERS; i++) {
		if (task_join(&workers[i], WAIT_FOREVER, &exit) != 0)
			wrong("join failed");
		else if (exit.end != TASK_KILLED && (exit.end != TASK_RETURNED || exit.value != 1))
			wrong("a worker ended in another way");
	}
	try_kill(restart.word);
	if (task_join(&restart, WAIT_FOREVER, &exit) != 0 || exit.end != TASK_KILLED)
		wrong("the restarter lives");
}

static void check_nothing_is_left(uint64_t frames_before)
{
	struct task_info info;

	while (task_next(1, &info) == 0) /* detached children */
		task_sleep(NS_PER_MS);
	task_safe_point();
	close_channels();
	if (errors > 0)
		ck_abort_msg("%s (%u errors)", first_error, errors);
	ck_assert_uint_eq(n_released, n_made);
	ck_assert_uint_eq(frames_used(), frames_before);
	ck_assert_uint_eq(namespace_references(), 2);
	ck_assert_ptr_null(shared.pairs.mutex.waiters.first);
	ck_assert_uint_eq(shared.pairs.mutex.holder, 0);
	ck_assert_uint_eq(shared.pairs.private_data.a, shared.pairs.private_data.b);
	ck_assert(interrupts_on());
}

START_TEST(random_work_with_kills_and_restarts_loses_and_repeats_nothing)
{
	uint64_t frames_before;

	start_system();
	frames_before = frames_used();
	for (int i = 0; i < 40; i++) {
		/* From many switches a safe point to many safe points a slice. */
		set_safe_point_step(1ull << (10 + random_below(14)));
		open_channels();
		run_round(30);
		check_nothing_is_left(frames_before);
	}
	ck_assert_uint_gt(n_received, 1000);
}
END_TEST

START_TEST(the_same_holds_when_interrupted_at_any_instruction)
{
	uint64_t frames_before;

	start_system();
	frames_before = frames_used();
	start_storm(50);
	for (int i = 0; i < 40; i++) {
		open_channels();
		run_round(30);
		check_nothing_is_left(frames_before);
	}
	stop_storm();
	ck_assert_uint_gt(n_received, 1000);
	ck_assert_uint_gt(interrupts_taken(), 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("storm");
	TCase *tcase = tcase_create("storm");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, random_work_with_kills_and_restarts_loses_and_repeats_nothing);
	tcase_add_test(tcase, the_same_holds_when_interrupted_at_any_instruction);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
