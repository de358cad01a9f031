/* SPDX-License-Identifier: MIT */
/*
 * GDT, TSS and IDT of this CPU: one code segment, one privilege level, and a
 * gate with a stack of its own for each vector that can come.
 *
 * Intel SDM vol. 3: descriptors 3.4.5, TSS 7.7, gates 6.14.1.  The tables are
 * written here and read-only afterwards, so the accessed bits are set already.
 */
#include "base/string.h"
#include "machine/pc/boot/boot.h"
#include "machine/pc/pc.h"
#include "machine/pc/trap.h"

#define GDT_CODE64 0x00af9b000000ffffu
#define GDT_DATA 0x00cf93000000ffffu
#define GDT_TSS_AVAILABLE 0x0000890000000000u
#define GATE_INTERRUPT 0x8e00u

#define TSS_IST1 36    /* bytes to the first of seven */
#define TSS_IO_MAP 102 /* offset of the I/O map: past the end, so there is none */

#define VECTOR_NMI 2
#define VECTOR_MACHINE_CHECK 18

struct __attribute__((packed)) table_pointer {
	uint16_t limit;
	uint64_t base;
};

static void set_gate(unsigned int vector, const uint8_t *handler, unsigned int ist)
{
	uint64_t at = (uintptr_t)handler;

	pc_idt[vector][0] = (at & 0xffff) | PC_CODE << 16 | (uint64_t)(ist | GATE_INTERRUPT) << 32 |
			    (at >> 16 & 0xffff) << 48;
	pc_idt[vector][1] = at >> 32;
}

static unsigned int ist_of(unsigned int vector)
{
	switch (vector) {
	case VECTOR_NMI:
		return PC_IST_NMI;
	case TRAP_DF:
		return PC_IST_DOUBLE_FAULT;
	case VECTOR_MACHINE_CHECK:
		return PC_IST_MACHINE_CHECK;
	default:
		return PC_IST_TRAP;
	}
}

static void fill_idt(void)
{
	for (unsigned int vector = 0; vector < PC_VECTORS; vector++)
		set_gate(vector, trap_stubs + vector * PC_STUB_SIZE, ist_of(vector));
	set_gate(PC_VECTOR_INT80, trap_stub_int80, PC_IST_TRAP);
	set_gate(PC_VECTOR_SPURIOUS, trap_stub_spurious, PC_IST_TRAP);
}

static void fill_tss(void)
{
	uint16_t io_map = sizeof(pc_tss);

	for (size_t i = 0; i < PC_IST_STACKS; i++) {
		uint64_t top = (uintptr_t)trap_ist_stacks[i] + PC_IST_STACK_SIZE;

		memcpy(pc_tss + TSS_IST1 + 8 * i, &top, sizeof(top));
	}
	memcpy(pc_tss + TSS_IO_MAP, &io_map, sizeof(io_map));
}

static void fill_gdt(void)
{
	uint64_t at = (uintptr_t)pc_tss;

	pc_gdt[PC_CODE / 8] = GDT_CODE64;
	pc_gdt[PC_DATA / 8] = GDT_DATA;
	pc_gdt[PC_TSS / 8] = GDT_TSS_AVAILABLE | (sizeof(pc_tss) - 1) | (at & 0xffffff) << 16 |
			     (at >> 24 & 0xff) << 56;
	pc_gdt[PC_TSS / 8 + 1] = at >> 32;
}

void boot_load_segments(void)
{
	struct table_pointer gdt = { sizeof(pc_gdt) - 1, (uintptr_t)pc_gdt };
	struct table_pointer idt = { sizeof(pc_idt) - 1, (uintptr_t)pc_idt };

	fill_idt();
	fill_tss();
	fill_gdt();
	/* The selectors are those of the loader-time table, so only cs needs loading again. */
	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "lea 1f(%%rip), %%rax\n\t"
			 "push %%rax\n\t"
			 "lretq\n"
			 "1:\tltr %w2\n\t"
			 "lidt %3"
			 :
			 : "m"(gdt), "i"(PC_CODE), "r"(PC_TSS), "m"(idt)
			 : "rax", "memory");
}
