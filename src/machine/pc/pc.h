/* SPDX-License-Identifier: MIT */
/*
 * What the boot code finds out and leaves for the functions that stay.
 *
 * One struct, written before the system starts and read-only from then on: it
 * lies in the section .sealed, whose pages lose their write permission.
 */
#ifndef PC_PC_H
#define PC_PC_H

#include <stdbool.h>
#include <stdint.h>

#include <clew/machine.h>

#include "machine/functions.h"
#include "machine/pc/layout.h"

#define SEALED __attribute__((section(".sealed")))

/* How to switch the power off: ACPI 6.4, 4.8.3.2 and 7.4.2; ports 0 when unknown. */
struct pc_power {
	uint16_t pm1a_control, pm1b_control;
	uint16_t sleep_type_a, sleep_type_b; /* SLP_TYPx of _S5, not shifted */
};

struct pc {
	struct machine_info info;
	uint64_t seed;		   /* with MACHINE_SEEDED */
	uint64_t clock_start;	   /* TSC at boot */
	uint64_t clock_multiplier; /* ns = (TSC - clock_start) * clock_multiplier >> 32 */
	uintptr_t lapic;	   /* address of the registers in the alias, uncached */
	/* physical: the window's page tables, one for each 2 MiB from 0, holes included ... */
	uint64_t tables;
	uint64_t directories; /* ... and its page directories, one for each GiB */
	struct pc_power power;
	bool has_debug_exit; /* isa-debug-exit is there */
	bool has_log_port;   /* isa-debugcon is there at PC_PORT_LOG */
	bool has_rdrand;
};

extern struct pc pc;

#define PC_COUNT(function) +1
#define PC_SYMBOLS (MACHINE_FUNCTIONS(PC_COUNT))
extern const struct machine_symbol pc_symbols[PC_SYMBOLS];

/* Of this CPU. */
extern uint64_t pc_gdt[PC_GDT_WORDS];
extern uint8_t pc_tss[104];
extern uint64_t pc_idt[256][2];

/* The machine's own address for a physical one. */
static inline void *pc_alias(uint64_t pa)
{
	return (void *)(PC_ALIAS + pa);
}

#endif
