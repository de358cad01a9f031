/* SPDX-License-Identifier: MIT */
/*
 * What Clew's tasks, channels and mappings are compared with: threads, a
 * message of 64 bytes by pipe and by futex, a page by mmap.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "measure.h"

#define TRIPS 10u

static struct samples samples;

struct message {
	uint64_t words[8];
};

/* ---- threads -------------------------------------------------------------------- */

static void *give_back(void *number)
{
	return number;
}

static void spawn_and_join(void)
{
	pthread_t thread;
	void *came = NULL;
	int r = pthread_create(&thread, NULL, give_back, &samples);

	assert(r == 0);
	r = pthread_join(thread, &came);
	assert(r == 0 && came == &samples);
}

/* ---- a pipe ----------------------------------------------------------------------- */

static int questions[2], answers[2];

static void *answer_pipe(void *unused)
{
	struct message message;

	while (read(questions[0], &message, sizeof(message)) == sizeof(message)) {
		message.words[7]++;
		if (write(answers[1], &message, sizeof(message)) != sizeof(message))
			break;
	}
	return unused;
}

static void ask_pipe(uint64_t i)
{
	struct message message = { .words = { [7] = i } };
	ssize_t n = write(questions[1], &message, sizeof(message));

	assert(n == sizeof(message));
	n = read(answers[0], &message, sizeof(message));
	assert(n == sizeof(message) && message.words[7] == i + 1);
}

static void by_pipe(void)
{
	pthread_t thread;
	int r = pipe(questions) | pipe(answers);

	assert(r == 0);
	r = pthread_create(&thread, NULL, answer_pipe, NULL);
	assert(r == 0);
	MEASURE(&samples, TRIPS, "channel_rtt", "pipe", ask_pipe(i_));
	close(questions[1]);
	pthread_join(thread, NULL);
}

/* ---- a futex ------------------------------------------------------------------------ */

static struct message shared;
static uint32_t turn; /* 0: the asker's; 1: the answerer's; 2: over */

static void wait_while(uint32_t value)
{
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == value)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void pass(uint32_t value)
{
	__atomic_store_n(&turn, value, __ATOMIC_RELEASE);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *answer_futex(void *unused)
{
	for (;;) {
		wait_while(0);
		if (turn == 2)
			return unused;
		shared.words[7]++;
		pass(0);
	}
}

static void ask_futex(uint64_t i)
{
	struct message message = { .words = { [7] = i } };

	memcpy(&shared, &message, sizeof(message));
	pass(1);
	wait_while(1);
	memcpy(&message, &shared, sizeof(message));
	assert(message.words[7] == i + 1);
}

static void by_futex(void)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, answer_futex, NULL);

	assert(r == 0);
	MEASURE(&samples, TRIPS, "channel_rtt", "futex", ask_futex(i_));
	pass(2);
	pthread_join(thread, NULL);
}

/* ---- a page ---------------------------------------------------------------------------- */

static void use_page(void)
{
	volatile uint64_t *page =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert(page != MAP_FAILED && *page == 0);
	*page = 1;
	munmap((void *)page, 4096);
}

int main(int argc, char **argv)
{
	samples.rounds = rounds_of(argc, argv);
	MEASURE(&samples, 10, "map_unmap", "mmap", use_page());
	MEASURE(&samples, 1, "spawn_join", "pthread", spawn_and_join());
	by_pipe();
	by_futex();
	return 0;
}
