/* SPDX-License-Identifier: MIT */
/*
 * The guest's entry, its output and its memory.
 */
#include "guest.h"

#include <stdarg.h>

#include "base/format.h"
#include "base/string.h"

#define STACK_PAGES 4
#define STACKS_SIZE (64 * PAGE_SIZE) /* kept for trap stacks and their guards */
#define LINE_STATUS (MACHINE_COM1 + 5)
#define LSR_THRE 0x20u /* PC16550D, table II: transmitter holding register empty */

_Noreturn void nano_core_start(const struct machine_info *info);

static const struct guest_scenario *const suites[] = {
	guest_memory_scenarios, guest_trap_scenarios, guest_interrupt_scenarios,
	guest_device_scenarios, guest_pc_scenarios,   guest_gate_scenarios,
};

void guest_put(uint8_t byte)
{
	while (!(machine_in8(LINE_STATUS) & LSR_THRE))
		;
	machine_out8(MACHINE_COM1, byte);
}

void guest_say(const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	format_list(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (const char *at = text; *at; at++)
		guest_put((uint8_t)*at);
}

/* The largest; a machine has one at least. */
static const struct machine_region *free_region(void)
{
	const struct machine_info *info = machine_info();
	const struct machine_region *found = NULL;

	for (uint32_t i = 0; i < info->n_regions; i++) {
		const struct machine_region *region = &info->regions[i];

		if (region->kind == MACHINE_REGION_FREE && (!found || region->size > found->size))
			found = region;
	}
	if (!found)
		machine_halt(MACHINE_DIED);
	return found;
}

uintptr_t guest_memory(size_t pages)
{
	GUEST_CHECK(pages << PAGE_SHIFT <= guest_memory_size());
	return free_region()->start + STACKS_SIZE;
}

size_t guest_memory_size(void)
{
	return free_region()->size - STACKS_SIZE;
}

uintptr_t guest_pages(size_t pages)
{
	uintptr_t at = guest_memory(pages);

	GUEST_CHECK(machine_map(at, pages, MACHINE_RW) == 0);
	return at;
}

void guest_set_handlers(machine_trap_handler *faults, machine_trap_handler *interrupts)
{
	uintptr_t at = free_region()->start;

	/* A guard page before, between and after. */
	at += PAGE_SIZE;
	GUEST_CHECK(machine_map(at, STACK_PAGES, MACHINE_RW) == 0);
	machine_set_trap_handler(MACHINE_FAULTS, faults, (void *)at, STACK_PAGES * PAGE_SIZE);
	at += (STACK_PAGES + 1) * PAGE_SIZE;
	GUEST_CHECK(machine_map(at, STACK_PAGES, MACHINE_RW) == 0);
	machine_set_trap_handler(MACHINE_INTERRUPTS, interrupts, (void *)at,
				 STACK_PAGES * PAGE_SIZE);
}

static void run_named(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		for (const struct guest_scenario *s = suites[i]; s->name; s++) {
			if (string_length(s->name) != size || memcmp(s->name, name, size) != 0)
				continue;
			s->run();
			guest_say("passed\n");
			machine_halt(MACHINE_DOWN);
		}
	}
}

__attribute__((visibility("default"))) _Noreturn void
nano_core_start(const struct machine_info *info)
{
	for (uint32_t i = 0; i < info->n_modules; i++) {
		if (string_equal(info->modules[i].name, "script"))
			run_named(info->modules[i].start, info->modules[i].size);
	}
	if (info->n_modules == 1)
		run_named("echo", 4);
	guest_say("there is no such scenario\n");
	machine_halt(MACHINE_NO_BOOT);
}
