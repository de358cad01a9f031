/* SPDX-License-Identifier: MIT */
/* Traps of the pc machine: from the CPU's stack frame to the system's handler. */
#ifndef PC_TRAP_H
#define PC_TRAP_H

#include <clew/machine.h>

#include "machine/pc/layout.h"

/* Stub n begins at trap_stubs + n * PC_STUB_SIZE, for the first PC_VECTORS vectors. */
extern const uint8_t trap_stubs[], trap_stub_int80[], trap_stub_spurious[];

/* Entry stacks of this CPU by IST number less one; each grows down from its end. */
extern uint8_t trap_ist_stacks[PC_IST_STACKS][PC_IST_STACK_SIZE];

/* Implementation of machine_set_trap_handler(). */
void trap_set_handler(enum machine_trap_class class, machine_trap_handler *handler, void *stack,
		      size_t size);

/* Calls entry(argument) on the stack that ends at `top`, never to return: boot's last step. */
_Noreturn void trap_enter(uintptr_t entry, const void *argument, uintptr_t top);

#endif
