/* SPDX-License-Identifier: MIT */
/*
 * What the machine provides, by name, and what it knows of itself.  No code.
 */
#include "machine/functions.h"
#include "machine/pc/pc.h"
#include "machine/pc/resident.h"

RESIDENT(pc, "what the boot code found out for the functions that stay")
RESIDENT(pc_gdt, "the CPU reads it on every trap")
RESIDENT(pc_tss, "the CPU reads it on every trap")
RESIDENT(pc_idt, "the CPU reads it on every trap")
RESIDENT(pc_symbols,
	 "the linker resolves the machine's functions by it: it cannot have linked them")

#define SYMBOL(function) { #function, (uintptr_t)(function) },

SEALED struct pc pc;
SEALED uint64_t pc_gdt[PC_GDT_WORDS];
SEALED uint8_t pc_tss[104];
SEALED __attribute__((aligned(16))) uint64_t pc_idt[256][2];

const struct machine_symbol pc_symbols[PC_SYMBOLS] = { MACHINE_FUNCTIONS(SYMBOL) };
