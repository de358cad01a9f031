/* SPDX-License-Identifier: MIT */
/*
 * Client requests of Valgrind (its manual, section 3.1).
 *
 * When the stack pointer leaves one registered stack for another, memcheck
 * takes it for a switch; a change within a stack means that memory comes or
 * goes.  Unregistered, two tasks' stacks would be one that grows and shrinks.
 */
#include "valgrind.h"

#include <glib.h>
#include <valgrind/memcheck.h>

#define VALGRIND_RED_ZONE 128 /* psABI figure 3.9 */

struct valgrind_stack {
	uintptr_t start, end;
	unsigned int id;
};

static GArray *valgrind_stacks; /* of writable pages; none overlaps another */

bool valgrind_is_watching;

bool valgrind_is_there(void)
{
	return RUNNING_ON_VALGRIND != 0;
}

void valgrind_init(void)
{
	valgrind_is_watching = valgrind_is_there();
	valgrind_stacks = g_array_new(FALSE, FALSE, sizeof(struct valgrind_stack));
}

static void valgrind_add(uintptr_t start, uintptr_t end)
{
	struct valgrind_stack stack = { .start = start, .end = end };

	if (start >= end)
		return;
	/* `end` too: where the stack pointer of an empty stack is. */
	stack.id = VALGRIND_STACK_REGISTER(start, end);
	g_array_append_val(valgrind_stacks, stack);
}

/* What is left of a stack when [start, end) is cut out of it. */
static void valgrind_cut(guint i, uintptr_t start, uintptr_t end)
{
	struct valgrind_stack stack = g_array_index(valgrind_stacks, struct valgrind_stack, i);

	VALGRIND_STACK_DEREGISTER(stack.id);
	g_array_remove_index_fast(valgrind_stacks, i);
	valgrind_add(stack.start, MIN(start, stack.end));
	valgrind_add(MAX(end, stack.start), stack.end);
}

static void valgrind_cut_all(uintptr_t start, uintptr_t end)
{
	for (guint i = valgrind_stacks->len; i-- > 0;) {
		const struct valgrind_stack *stack =
			&g_array_index(valgrind_stacks, struct valgrind_stack, i);

		if (stack->start < end && start < stack->end)
			valgrind_cut(i, start, end);
	}
}

void valgrind_mapped(uintptr_t start, uintptr_t end, bool writable)
{
	if (!valgrind_is_watching)
		return;
	valgrind_cut_all(start, end);
	if (writable)
		valgrind_add(start, end);
}

void valgrind_has_stack(uintptr_t start, uintptr_t end)
{
	if (!valgrind_is_watching)
		return;
	valgrind_cut_all(start, end);
	valgrind_add(start, end);
}

/* NULL: no stack that is known. */
static const struct valgrind_stack *valgrind_stack_of(uint64_t rsp)
{
	for (guint i = 0; valgrind_is_watching && i < valgrind_stacks->len; i++) {
		const struct valgrind_stack *stack =
			&g_array_index(valgrind_stacks, struct valgrind_stack, i);

		if (rsp > stack->start && rsp <= stack->end)
			return stack;
	}
	return NULL;
}

void valgrind_interrupts(uint64_t rsp)
{
	const struct valgrind_stack *stack = valgrind_stack_of(rsp);

	if (stack && rsp - stack->start > VALGRIND_RED_ZONE)
		(void)VALGRIND_MAKE_MEM_UNDEFINED(stack->start,
						  rsp - VALGRIND_RED_ZONE - stack->start);
}

void valgrind_faults(uint64_t rsp, const void *frame, size_t size)
{
	const struct valgrind_stack *stack = valgrind_stack_of(rsp);

	if (stack)
		(void)VALGRIND_MAKE_MEM_DEFINED(stack->start, stack->end - stack->start);
	if (valgrind_is_watching)
		(void)VALGRIND_MAKE_MEM_DEFINED(frame, size);
}

/* It may have gone down over the frame, which was then taken for new. */
void valgrind_handles(const struct trap_frame *frame)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(frame, sizeof(*frame));
}

/*
 * On its way here the stack pointer may have been higher in the same pages,
 * and what it then went down over was taken for new.
 */
void valgrind_resumes(uint64_t rsp)
{
	const struct valgrind_stack *stack = valgrind_stack_of(rsp);

	if (stack)
		(void)VALGRIND_MAKE_MEM_DEFINED(rsp, stack->end - rsp);
}

void valgrind_patched(uintptr_t va, size_t size)
{
	if (valgrind_is_watching)
		VALGRIND_DISCARD_TRANSLATIONS(va, size);
}
