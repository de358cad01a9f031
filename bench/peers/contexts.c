/* SPDX-License-Identifier: MIT */
/* Switches between two flows of control: swapcontext, Boost's jump_fcontext, sched_yield. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <ucontext.h>

#include "measure.h"

#define STACK_BYTES 65536
#define OPERATIONS 1000u

/*
 * A statement is two switches, there and back; reported is one.  Compared with
 * both of ours, the primitive and the one through the scheduler.
 */
#define MEASURE_PAIRS(peer, ...) \
	do { \
		for (uint32_t round_ = 0; round_ < samples.rounds; round_++) { \
			uint64_t from_ = now_ns(); \
\
			for (uint32_t i_ = 0; i_ < OPERATIONS / 2; i_++) \
				__VA_ARGS__; \
			samples.ns[round_] = now_ns() - from_; \
		} \
		report(&samples, OPERATIONS, "switch", (peer)); \
		report(&samples, OPERATIONS, "yield", (peer)); \
	} while (0)

static struct samples samples;
static ucontext_t here, there;
static uint64_t times;
static uint8_t stack[STACK_BYTES] __attribute__((aligned(16)));

static void come_back(void)
{
	for (;;) {
		times++;
		swapcontext(&there, &here);
	}
}

static void by_swapcontext(void)
{
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack);
	makecontext(&there, come_back, 0);
	times = 0;
	MEASURE_PAIRS("swapcontext", swapcontext(&here, &there));
	assert(times == (uint64_t)samples.rounds * (OPERATIONS / 2));
}

#ifdef HAVE_FCONTEXT
/* Of libboost_context; the declarations of boost/context/detail/fcontext.hpp are C++. */
struct transfer {
	void *context;
	void *data;
};
extern struct transfer jump_fcontext(void *to, void *data);
extern void *make_fcontext(void *stack_high, size_t size, void (*function)(struct transfer));

static void jump_back(struct transfer from)
{
	for (;;) {
		times++;
		from = jump_fcontext(from.context, NULL);
	}
}

static void by_fcontext(void)
{
	void *other = make_fcontext(stack + sizeof(stack), sizeof(stack), jump_back);

	times = 0;
	MEASURE_PAIRS("jump_fcontext", other = jump_fcontext(other, NULL).context);
	assert(times == (uint64_t)samples.rounds * (OPERATIONS / 2));
}
#endif

static volatile bool over;

static void *give_way(void *unused)
{
	while (!over)
		sched_yield();
	return unused;
}

/* Two threads of one CPU. */
static void by_sched_yield(void)
{
	pthread_t thread;
	cpu_set_t one;
	int r;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
	r = pthread_create(&thread, NULL, give_way, NULL);
	assert(r == 0);
	MEASURE_PAIRS("sched_yield", sched_yield());
	over = true;
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	samples.rounds = rounds_of(argc, argv);
	by_swapcontext();
#ifdef HAVE_FCONTEXT
	by_fcontext();
#else
	printf("# switch, yield .vs. jump_fcontext: built without libboost-context-dev\n");
#endif
	by_sched_yield();
	return 0;
}
