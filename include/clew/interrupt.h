/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `interrupt`: who is called on a device's vector.
 *
 * A handler runs on the CPU that takes the interrupt, on the interrupt stack
 * of this CPU and with its interrupts off, must not block, and returns.  After
 * the handlers the cell asks task.h whether to preempt this CPU's task.
 */
#ifndef CLEW_INTERRUPT_H
#define CLEW_INTERRUPT_H

#include <stdint.h>

#include <clew/errors.h>
#include <clew/own.h>

typedef void interrupt_handler(void *context);

/* -EBUSY: the vector is taken; -EINVAL: not a device's vector. */
MUST_USE int interrupt_attach(uint8_t vector, interrupt_handler *handler,
			      OWN_KEPT("a driver's state, until it detaches") void *context);
void interrupt_detach(uint8_t vector);

/* Whether this CPU is in a handler. */
_Bool interrupt_active(void);

/* Where handlers of this CPU run; nothing is kept there between interrupts. */
void interrupt_stack(uintptr_t *ret_low, uintptr_t *ret_high);

/* Called once by captain: takes the interrupts of this CPU. */
MUST_USE int interrupt_init(void);

#endif
