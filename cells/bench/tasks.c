/* SPDX-License-Identifier: MIT */
/* What tasks cost: to switch, to talk, to begin and end, to crash. */
#include "bench.h"

#include <clew/channel.h>
#include <clew/child.h>
#include <clew/heap.h>
#include <clew/memory.h>
#include <clew/panic.h>
#include <clew/task.h>

/* Keeps each frame a frame: no inlining, and no conclusions from its body. */
#define FRAME __attribute__((noinline, noclone, noipa))
#define BLOCK_BYTES 100

/* ---- switching ---------------------------------------------------------------- */

/* Until it is killed. */
static int give_way(const volatile bool *always)
{
	while (*always)
		task_yield();
	return 0;
}

typedef const volatile bool *flag_pointer;
TASK_ENTRY_PLAIN(give_way, flag_pointer);

static uint64_t switches_to_me(void)
{
	struct task_info info;

	if (task_next(task_id() - 1, &info) < 0)
		return 0;
	assert(info.id == task_id());
	return info.switches;
}

/* Two tasks in turn: an operation is two switches, there and back. */
int bench_yield(struct bench_samples *samples)
{
	OWN(task_handle, handle) = OWNER_EMPTY;
	OWN(task_child, partner) = OWNER_EMPTY;
	const volatile bool always = true;
	flag_pointer flag = &always;
	uint64_t before;
	int r = TASK_SPAWN(give_way, &flag, NULL, &handle);

	if (r < 0)
		return r;
	PUT(partner, task_child_of(MOVE(handle)));
	before = switches_to_me();
	for (uint32_t round = 0; round < samples->rounds; round++) {
		uint64_t from = bench_cycles();

		for (uint32_t i = 0; i < samples->operations / 2; i++)
			task_yield();
		samples->values[round] = bench_cycles() - from;
	}
	assert(switches_to_me() - before >= (uint64_t)samples->rounds * (samples->operations / 2));
	return 0;
}

/* ---- talking -------------------------------------------------------------------- */

/* Both ends are borrowed from the parent, who outlives the task. */
struct echo {
	const channel_rx *question;
	const channel_tx *answer;
};

struct message {
	uint64_t words[8];
};

static int answer(struct echo echo)
{
	struct message message;

	while (channel_receive(echo.question, &message, WAIT_FOREVER) == 0) {
		message.words[7]++;
		if (channel_send(echo.answer, &message, WAIT_FOREVER) != 0)
			return 1;
	}
	return 0;
}
TASK_ENTRY_PLAIN(answer, struct echo);

static uint64_t ask(const channel_tx *tx, const channel_rx *rx, uint32_t times)
{
	uint64_t right = 0;

	for (uint32_t i = 0; i < times; i++) {
		struct message message = { .words = { [7] = i } };

		right += channel_send(tx, &message, WAIT_FOREVER) == 0 &&
			 channel_receive(rx, &message, WAIT_FOREVER) == 0 &&
			 message.words[7] == i + 1ul;
	}
	return right;
}

/* 64 bytes to another task and back. */
static int round_trip(struct bench_samples *samples, size_t capacity)
{
	OWN(channel_tx, question_tx) = OWNER_EMPTY;
	OWN(channel_rx, question_rx) = OWNER_EMPTY;
	OWN(channel_tx, answer_tx) = OWNER_EMPTY;
	OWN(channel_rx, answer_rx) = OWNER_EMPTY;
	OWN(task_handle, handle) = OWNER_EMPTY;
	OWN(task_child, partner) = OWNER_EMPTY;
	struct echo echo = { &question_rx, &answer_tx };
	int r = channel_new(sizeof(struct message), capacity, NULL, &question_tx, &question_rx);

	if (r == 0)
		r = channel_new(sizeof(struct message), capacity, NULL, &answer_tx, &answer_rx);
	if (r == 0)
		r = TASK_SPAWN(answer, &echo, NULL, &handle);
	if (r < 0)
		return r;
	PUT(partner, task_child_of(MOVE(handle)));
	for (uint32_t round = 0; round < samples->rounds; round++) {
		uint64_t from = bench_cycles();
		uint64_t right = ask(&question_tx, &answer_rx, samples->operations);

		samples->values[round] = bench_cycles() - from;
		assert(right == samples->operations);
	}
	return 0;
}

int bench_channel(struct bench_samples *samples)
{
	return round_trip(samples, 1);
}

int bench_rendezvous(struct bench_samples *samples)
{
	return round_trip(samples, 0);
}

/* ---- beginning and ending --------------------------------------------------------- */

static int give_back(uint64_t number)
{
	return (int)number;
}
TASK_ENTRY_PLAIN(give_back, uint64_t);

static int spawn_and_join(uint64_t number)
{
	OWN(task_handle, handle) = OWNER_EMPTY;
	struct task_exit exit;
	int r = TASK_SPAWN(give_back, &number, NULL, &handle);

	if (r < 0)
		return r;
	r = task_join(&handle, WAIT_FOREVER, &exit);
	assert(r == 0 && exit.end == TASK_RETURNED && exit.value == (int)number);
	return 0;
}

int bench_spawn(struct bench_samples *samples)
{
	for (uint32_t round = 0; round < samples->rounds; round++) {
		uint64_t from = bench_cycles();

		for (uint32_t i = 0; i < samples->operations; i++) {
			int r = spawn_and_join(i);

			if (r < 0)
				return r;
		}
		samples->values[round] = bench_cycles() - from;
	}
	return 0;
}

/* ---- crashing ----------------------------------------------------------------------- */

struct crash {
	uint64_t at; /* cycles, right before the fault */
	uint32_t depth;
	uint64_t cleanups;
};

OWNER(witness); /* word: address of a struct crash */
OWN_IMPLEMENTS(witness, "the word is where its release is noted");

static FRAME void witness_cleanup(witness *place)
{
	struct crash *crash = (struct crash *)(uintptr_t)place->word;

	place->word = 0;
	if (crash)
		crash->cleanups++;
}

/* Each frame owns what one of cells/crash does: a block and a page, and is counted. */
static FRAME int fall(struct crash *crash, uint32_t depth)
{
	OWN(witness, count) = { (uintptr_t)crash };
	OWN(heap_block, block) = OWNER_EMPTY;
	OWN(map_rw, page) = OWNER_EMPTY;

	if (heap_block_new(BLOCK_BYTES, &block) < 0 || map_rw_new(1, FRAME_BUFFER, &page) < 0)
		return -ENOMEM;
	if (depth > 1)
		return fall(crash, depth - 1) + 1;
	crash->at = bench_cycles();
	*(volatile uint32_t *)0 = 1;
	return 0;
}

/* Each frame has a cleanup that is counted, and owns nothing else. */
static FRAME int fall_lightly(struct crash *crash, uint32_t depth)
{
	OWN(witness, count) = { (uintptr_t)crash };

	if (depth > 1)
		return fall_lightly(crash, depth - 1) + 1;
	crash->at = bench_cycles();
	*(volatile uint32_t *)0 = 1;
	return 0;
}

typedef struct crash *crash_pointer;

static int fall_with_burden(crash_pointer crash)
{
	return fall(crash, crash->depth);
}
TASK_ENTRY_PLAIN(fall_with_burden, crash_pointer);

static int fall_deep(crash_pointer crash)
{
	return fall_lightly(crash, crash->depth);
}
TASK_ENTRY_PLAIN(fall_deep, crash_pointer);

/* From the faulting instruction to the next task: the one that had given way. */
static int fall_once(uint32_t depth, bool burdened, uint64_t *ret)
{
	struct crash crash = { .depth = depth };
	crash_pointer place = &crash;
	OWN(task_handle, handle) = OWNER_EMPTY;
	OWN(task_child, child) = OWNER_EMPTY;
	struct task_exit exit;
	int r = burdened ? TASK_SPAWN(fall_with_burden, &place, NULL, &handle)
			 : TASK_SPAWN(fall_deep, &place, NULL, &handle);

	if (r < 0)
		return r;
	PUT(child, task_child_of(MOVE(handle)));
	while (*(volatile uint64_t *)&crash.at == 0)
		task_yield();
	*ret = bench_cycles() - crash.at;
	r = task_join(task_child_handle(&child), WAIT_FOREVER, &exit);
	assert(r == 0 && exit.end == TASK_CRASHED && crash.cleanups == depth);
	return 0;
}

static int fall_often(struct bench_samples *samples, bool burdened)
{
	int r = 0;

	for (uint32_t round = 0; r == 0 && round < samples->rounds; round++)
		r = fall_once(samples->size, burdened, &samples->values[round]);
	return r;
}

int bench_fault(struct bench_samples *samples)
{
	return fall_often(samples, true);
}

int bench_fault_deep(struct bench_samples *samples)
{
	return fall_often(samples, false);
}
