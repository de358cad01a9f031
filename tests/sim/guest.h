/* SPDX-License-Identifier: MIT */
/*
 * A guest that takes the place of nano_core: one scenario a run, named by the
 * module "script", printing to COM1 by polling.
 */
#ifndef TESTS_SIM_GUEST_H
#define TESTS_SIM_GUEST_H

#include <clew/machine.h>

struct guest_scenario {
	const char *name;
	void (*run)(void);
};

/* Each file's scenarios; the last has no name. */
extern const struct guest_scenario guest_memory_scenarios[];
extern const struct guest_scenario guest_trap_scenarios[];
extern const struct guest_scenario guest_interrupt_scenarios[];
extern const struct guest_scenario guest_device_scenarios[];
extern const struct guest_scenario guest_pc_scenarios[];
extern const struct guest_scenario guest_gate_scenarios[];

/* Text and numbers to COM1. */
void guest_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A byte to COM1, when it has room for one. */
void guest_put(uint8_t byte);

/* Free memory without permission, the same at each call, and how many bytes there are. */
uintptr_t guest_memory(size_t pages);
size_t guest_memory_size(void);
/* Of it so many pages, readable and writable. */
uintptr_t guest_pages(size_t pages);

/* Trap stacks of 4 pages each; the handlers as given. */
void guest_set_handlers(machine_trap_handler *faults, machine_trap_handler *interrupts);

/* Says why and ends with MACHINE_COMMAND_FAILED unless the condition holds. */
#define GUEST_CHECK(condition) \
	do { \
		if (!(condition)) { \
			guest_say("line %d: %s\n", __LINE__, #condition); \
			machine_halt(MACHINE_COMMAND_FAILED); \
		} \
	} while (0)

/*
 * Runs code at `rip` with argument rdi; a fault comes back as its frame.
 * NULL: it returned.  Defined in guest_catch.S.
 */
const struct trap_frame *guest_try(uintptr_t rip, uint64_t rdi);
void guest_catch(struct trap_frame *frame); /* a MACHINE_FAULTS handler */

#endif
