/* SPDX-License-Identifier: MIT */
/* The primitive of a switch, without a scheduler: two contexts in turn. */
#include "bench.h"

#include <clew/heap.h>
#include <clew/irq.h>
#include <clew/panic.h>

#include "arch/x86_64/context.h"

#define STACK_BYTES 4096

struct pair {
	void *here, *there;
	uint64_t times;
};

static void come_back(void *argument)
{
	struct pair *pair = argument;

	for (;;) {
		pair->times++;
		context_switch(&pair->there, pair->here);
	}
}

/* With interrupts off: nobody else knows of the other stack. */
static uint64_t go_and_return(struct pair *pair, uint32_t times)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t from = bench_cycles();

	for (uint32_t i = 0; i < times; i++)
		context_switch(&pair->here, pair->there);
	return bench_cycles() - from;
}

/* An operation is one switch, there or back. */
int bench_switch(struct bench_samples *samples)
{
	OWN(heap_block, stack) = OWNER_EMPTY;
	struct pair pair = { 0 };
	int r = heap_block_new(STACK_BYTES, &stack);

	if (r < 0)
		return r;
	pair.there = context_new((uintptr_t)heap_block_at(&stack) + STACK_BYTES, come_back, &pair);
	for (uint32_t round = 0; round < samples->rounds; round++)
		samples->values[round] = go_and_return(&pair, samples->operations / 2);
	assert(pair.times == (uint64_t)samples->rounds * (samples->operations / 2));
	return 0;
}
