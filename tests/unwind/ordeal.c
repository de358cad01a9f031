/* SPDX-License-Identifier: MIT */
/*
 * Application that fails in ways in which an ordinary one does not: in
 * machine code, in cleanups of cleanups, with interrupts off, in an interrupt
 * handler, with a broken stack pointer.  No state.
 *
 * Four frames deep, each with a witness that prints its number when released.
 */
#include <clew/application.h>

#include <clew/cell.h>
#include <clew/clock.h>
#include <clew/console.h>
#include <clew/heap.h>
#include <clew/interrupt.h>
#include <clew/irq.h>
#include <clew/panic.h>
#include <clew/task.h>

#include "base/string.h"

#define FRAME __attribute__((noinline, noclone, noipa))

/* An address that the compiler knows nothing about. */
static FRAME volatile int *address(uint64_t value)
{
	return (volatile int *)value;
}

OWNER(witness); /* word: number of the frame */

static FRAME void witness_cleanup(witness *place)
{
	uint64_t number = place->word;

	place->word = 0;
	if (number != 0)
		print("cleanup %lu\n", number);
}

OWNER(bomb);

static FRAME void bomb_cleanup(bomb *place)
{
	if (place->word != 0)
		*address(place->word - 1) = 1;
}

OWNER(abyss);

static FRAME uint64_t recurse(uint64_t depth)
{
	volatile uint64_t room[32];

	room[depth % 32] = depth;
	if (depth == UINT64_MAX)
		return 0;
	return recurse(depth + 1) + room[depth % 32];
}

static FRAME void abyss_cleanup(abyss *place)
{
	if (place->word != 0)
		recurse(1);
}

static FRAME uint64_t recurse_owning(uint64_t depth)
{
	OWN(witness, none) = OWNER_EMPTY;

	if (depth == UINT64_MAX)
		return 0;
	return recurse_owning(depth + 1) + depth;
}

/* ---- machine code; not inlined: a trap in asm has no landing pad, its caller's call has ---- */

static FRAME void undefined_instruction(void)
{
	__asm__ volatile("ud2");
}

static FRAME void breakpoint(void)
{
	__asm__ volatile("int3");
}

static FRAME void privileged(void)
{
	__asm__ volatile("hlt");
}

static FRAME void system_call(void)
{
	long number = 39;

	__asm__ volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
}

static FRAME void backwards(void)
{
	__asm__ volatile("std\n\tmovl $1, 0" : : : "memory");
}

static FRAME void no_stack(void)
{
	__asm__ volatile("xorl %%esp, %%esp\n\tpushq %%rax" : : : "memory");
}

static FRAME void wrong_stack(void)
{
	__asm__ volatile("leaq -8(%0), %%rsp\n\tmovl $1, 0" : : "r"(0x200000000000ul) : "memory");
}

static FRAME void float_exception(void)
{
	uint32_t mxcsr = 0x1f80 & ~0x200u;

	__asm__ volatile("ldmxcsr %0\n\txorps %%xmm0, %%xmm0\n\tmovl $0x3f800000, %%eax\n\t"
			 "movd %%eax, %%xmm1\n\tdivss %%xmm0, %%xmm1"
			 :
			 : "m"(mxcsr)
			 : "eax", "xmm0", "xmm1");
}

static FRAME int jump_to(int (*where)(void))
{
	return where(); /* a tail call */
}

static FRAME int call_data(void)
{
	uint8_t code[16] __attribute__((aligned(16))) = { 0xc3 };
	int (*volatile where)(void) = (int (*)(void))code;

	return where() + code[1];
}

static FRAME void with_interrupts_off(void)
{
	OWN(irq_guard, guard) = irq_off();
	OWN(witness, inside) = { 90 };

	*address(8) = 1;
}

static void bad_handler(void *context)
{
	*address(16) = context != NULL;
}

static FRAME void in_interrupt(void)
{
	interrupt_detach(MACHINE_VECTOR_TIMER);
	if (interrupt_attach(MACHINE_VECTOR_TIMER, bad_handler, NULL) != 0)
		panic("the timer has a handler");
	task_sleep(NS_PER_S);
}

static FRAME void many_bombs(void)
{
	OWN(bomb, b1) = { 1 };
	OWN(bomb, b2) = { 1 };
	OWN(bomb, b3) = { 1 };
	OWN(bomb, b4) = { 1 };
	OWN(bomb, b5) = { 1 };
	OWN(bomb, b6) = { 1 };
	OWN(bomb, b7) = { 1 };
	OWN(bomb, b8) = { 1 };
	OWN(bomb, b9) = { 1 };

	*address(24) = 1;
}

static FRAME void more_bombs(void)
{
	OWN(bomb, b1) = { 1 };
	OWN(bomb, b2) = { 1 };
	OWN(bomb, b3) = { 1 };
	OWN(bomb, b4) = { 1 };
	OWN(bomb, b5) = { 1 };
	OWN(bomb, b6) = { 1 };
	OWN(bomb, b7) = { 1 };
	OWN(bomb, b8) = { 1 };

	many_bombs();
}

static FRAME void overflow_twice(void)
{
	OWN(abyss, below) = { 1 };

	recurse(1);
}

static FRAME int smash_into_code(void)
{
	volatile uintptr_t *saved = (volatile uintptr_t *)__builtin_frame_address(0);

	saved[1] = (uintptr_t)undefined_instruction;
	return 0;
}

static FRAME int smash_also(volatile uintptr_t *callers)
{
	volatile uintptr_t *saved = (volatile uintptr_t *)__builtin_frame_address(0);

	*callers = 0x6b6b6b6b6b6b;
	saved[1] = 0x6b6b6b6b6b6b;
	return 0;
}

/* Two return addresses in a row: nothing tells where the second frame is. */
static FRAME int smash_two(void)
{
	volatile uintptr_t *saved = (volatile uintptr_t *)__builtin_frame_address(0);

	return smash_also(saved + 1) + 1;
}

static FRAME void smash_frame_pointer(uint64_t size)
{
	volatile char *room = __builtin_alloca(size);

	room[0] = 1;
	__asm__ volatile("movq $64, %%rbp\n\tmovl $1, 0" : : : "memory");
	room[1] = 1;
}

static FRAME void put_twice(void)
{
	OWN(witness, a) = { 91 };

	PUT(a, ((witness){ 92 }));
}

static FRAME void exit_here(void)
{
	task_exit(7);
}

static FRAME void assert_quoted(void)
{
	assert(string_equal("\"", "\\"));
}

static int to_null(void)
{
	int (*volatile where)(void) = NULL;

	return jump_to(where);
}

static int to_far(void)
{
	int (*volatile where)(void) = (int (*)(void))0x8000000000000000ul;

	return jump_to(where) + 1;
}

static int to_data(void)
{
	return call_data() + 1;
}

static int smash(void)
{
	return smash_into_code() + 1;
}

static int frame_pointer(void)
{
	smash_frame_pointer(100);
	return 1;
}

static int deep(void)
{
	return (int)recurse_owning(1);
}

static int wild_free(void)
{
	heap_free((void *)0x1000);
	return 0;
}

struct ordeal {
	const char *name;
	void (*plain)(void);
	int (*value)(void);
};

static const struct ordeal ordeals[] = {
	{ "ud2", undefined_instruction, NULL },
	{ "int3", breakpoint, NULL },
	{ "hlt", privileged, NULL },
	{ "syscall", system_call, NULL },
	{ "backwards", backwards, NULL },
	{ "nostack", no_stack, NULL },
	{ "wrongstack", wrong_stack, NULL },
	{ "float", float_exception, NULL },
	{ "jumpnull", NULL, to_null },
	{ "jumpfar", NULL, to_far },
	{ "calldata", NULL, to_data },
	{ "irq", with_interrupts_off, NULL },
	{ "interrupt", in_interrupt, NULL },
	{ "bombs", many_bombs, NULL },
	{ "morebombs", more_bombs, NULL },
	{ "overflows", overflow_twice, NULL },
	{ "smashcode", NULL, smash },
	{ "smashtwo", NULL, smash_two },
	{ "framepointer", NULL, frame_pointer },
	{ "deep", NULL, deep },
	{ "put", put_twice, NULL },
	{ "exit", exit_here, NULL },
	{ "quote", assert_quoted, NULL },
	{ "free", NULL, wild_free },
};

static FRAME int frame_4(const struct ordeal *ordeal)
{
	OWN(witness, order) = { 4 };

	if (ordeal->plain)
		ordeal->plain();
	else
		return ordeal->value() + 1;
	return 0;
}

static FRAME int frame_3(const struct ordeal *ordeal)
{
	OWN(witness, order) = { 3 };
	OWN(heap_block, block) = OWNER_EMPTY;

	if (heap_block_new(100, &block) != 0)
		return -ENOMEM;
	return frame_4(ordeal) + 1;
}

static FRAME int frame_2(const struct ordeal *ordeal)
{
	OWN(witness, order) = { 2 };

	return frame_3(ordeal) + 1;
}

static FRAME int frame_1(const struct ordeal *ordeal)
{
	OWN(witness, order) = { 1 };

	return frame_2(ordeal) + 1;
}

CELL_EXPORT int application_main(int argc, const char *const *argv)
{
	for (size_t i = 0; i < sizeof(ordeals) / sizeof(ordeals[0]); i++) {
		if (argc == 2 && string_equal(ordeals[i].name, argv[1]))
			return frame_1(&ordeals[i]);
	}
	print("ordeal KIND:");
	for (size_t i = 0; i < sizeof(ordeals) / sizeof(ordeals[0]); i++)
		print(" %s", ordeals[i].name);
	print("\n");
	return 2;
}

CELL("ordeal", 1, CELL_APPLICATION, "fails in ways in which an ordinary application does not");
