/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: from the machine's vector to the driver that attached to it,
 * then to the task cell, which may preempt.  Not faults; those are recovery's.
 *
 * Everything here runs with interrupts off, the handlers on the interrupt
 * stack, which this cell owns (a guard page lies below it).
 */
#include <clew/interrupt.h>

#include <stddef.h>

#include <clew/cell.h>
#include <clew/irq.h>
#include <clew/machine.h>
#include <clew/memory.h>
#include <clew/task.h>

#define VECTORS 256
#define STACK_PAGES 8
#define LAPIC_EOI 0x0b0u

OWNER(interrupt_scope); /* word: 1 while handlers run */
OWN_IMPLEMENTS(interrupt_scope, "the word says that handlers run");

struct interrupt_state {
	struct {
		interrupt_handler *handler;
		void *context;
	} vectors[VECTORS - TRAP_INTERRUPT];
	uint32_t active; /* handlers on the interrupt stack */
	uint32_t reserved;
	map_none guard;
	map_rw stack;
};

CELL_STATE(interrupt, "who attached to a vector, and the stack that interrupts run on");

static void interrupt_scope_cleanup(interrupt_scope *place)
{
	if (place->word != 0)
		interrupt_state.active--;
	place->word = 0;
}

static interrupt_scope interrupt_enter(void)
{
	interrupt_state.active++;
	return (interrupt_scope){ 1 };
}

/* A vector nobody attached to is acknowledged and forgotten. */
static void interrupt_dispatch(uint64_t vector)
{
	OWN(interrupt_scope, scope) = interrupt_enter();
	uint64_t i = vector - TRAP_INTERRUPT;

	if (i < VECTORS - TRAP_INTERRUPT && interrupt_state.vectors[i].handler != NULL)
		interrupt_state.vectors[i].handler(interrupt_state.vectors[i].context);
}

static void interrupt_trap(struct trap_frame *frame)
{
	interrupt_dispatch(frame->vector);
	machine_lapic_write(LAPIC_EOI, 0);
	task_preempt(frame);
	machine_resume(frame);
}

CELL_EXPORT int interrupt_attach(uint8_t vector, interrupt_handler *handler, void *context)
{
	OWN(irq_guard, guard) = irq_off();
	uint32_t i = vector - (uint32_t)TRAP_INTERRUPT;

	if (vector < TRAP_INTERRUPT || handler == NULL)
		return -EINVAL;
	if (interrupt_state.vectors[i].handler != NULL)
		return -EBUSY;
	interrupt_state.vectors[i].context = context;
	interrupt_state.vectors[i].handler = handler;
	return 0;
}

CELL_EXPORT void interrupt_detach(uint8_t vector)
{
	OWN(irq_guard, guard) = irq_off();

	if (vector < TRAP_INTERRUPT)
		return;
	interrupt_state.vectors[vector - TRAP_INTERRUPT].handler = NULL;
	interrupt_state.vectors[vector - TRAP_INTERRUPT].context = NULL;
}

CELL_EXPORT _Bool interrupt_active(void)
{
	return interrupt_state.active != 0;
}

CELL_EXPORT int interrupt_init(void)
{
	OWN(map_none, guard) = OWNER_EMPTY;
	OWN(map_rw, stack) = OWNER_EMPTY;
	int r;

	r = map_rw_new(STACK_PAGES + 1, FRAME_STACK, &stack);
	if (r != 0)
		return r;
	r = map_rw_guard(&stack, 1, &guard);
	if (r != 0)
		return r;
	machine_set_trap_handler(MACHINE_INTERRUPTS, interrupt_trap, map_rw_at(&stack),
				 map_rw_size(&stack));
	PUT(interrupt_state.stack, MOVE(stack));
	PUT(interrupt_state.guard, MOVE(guard));
	return 0;
}

CELL_EXPORT void interrupt_stack(uintptr_t *ret_low, uintptr_t *ret_high)
{
	*ret_low = (uintptr_t)map_rw_at(&interrupt_state.stack);
	*ret_high = *ret_low + map_rw_size(&interrupt_state.stack);
}

CELL("interrupt", 1, CELL_SERVICE, "interrupts: from the vector to its driver");
