/* SPDX-License-Identifier: MIT */
/*
 * Traps of the hosted machine: host signals become trap frames.
 *
 * The main thread is the machine's one CPU.  It runs either code of the
 * window or, on a stack of its own, functions of machine.h.
 */
#ifndef SIM_TRAP_H
#define SIM_TRAP_H

#include <clew/machine.h>

/* Installs the signal handlers of the calling thread, which becomes the CPU. -errno. */
MUST_USE int trap_init(void);

/* Runs entry(argument) in the window on the stack that ends at stack_top, interrupts off. */
_Noreturn void trap_enter(void *entry, const void *argument, uintptr_t stack_top);

/* Makes a vector (32 to 63) pending; taken when interrupts are on. CPU thread only. */
void trap_raise(uint8_t vector);
void trap_lower(uint8_t vector); /* not pending any more */
bool trap_is_pending(void);

/* Makes the CPU look at its devices; from any thread. */
void trap_poke(void);

/* Sleeps until something is pending. */
void trap_wait(void);

/* Functions of machine.h that lie in trap.S call these on the machine's stack. */
void trap_set_handler(enum machine_trap_class class, machine_trap_handler *handler, void *stack,
		      size_t size);

#endif
