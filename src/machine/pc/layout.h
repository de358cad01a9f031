/* SPDX-License-Identifier: MIT */
/*
 * Fixed addresses, selectors and ports of the pc machine.  Macros only, for C,
 * assembly and the linker script.
 */
#ifndef PC_LAYOUT_H
#define PC_LAYOUT_H

/* va of physical address 0, as the system sees memory (PML4 slot 64) ... */
#define PC_WINDOW 0x200000000000
/* ... and as the machine alone sees it: all of RAM, writable, never executable (slot 128). */
#define PC_ALIAS 0x400000000000
#define PC_WINDOW_SLOT 64
#define PC_ALIAS_SLOT 128

/* Where the image lies in physical memory. */
#define PC_IMAGE 0x100000

/* What the boot code's own page tables reach, from physical address 0. */
#define PC_BOOT_REACH 0x100000000

/* GDT */
#define PC_CODE 0x08
#define PC_DATA 0x10
#define PC_TSS 0x18
#define PC_GDT_WORDS 5 /* null, code, data, and the TSS descriptor's two */

/* Interrupt stack table: SDM vol. 3, 6.14.5. */
#define PC_IST_TRAP 1
#define PC_IST_DOUBLE_FAULT 2
#define PC_IST_NMI 3
#define PC_IST_MACHINE_CHECK 4
#define PC_IST_STACKS 4
#define PC_IST_STACK_SIZE 2048

/* Vectors with a gate in the IDT: exceptions and the first 32 interrupts; and two more. */
#define PC_VECTORS 64
#define PC_VECTOR_INT80 0x80
#define PC_VECTOR_SPURIOUS 0xff
#define PC_STUB_SIZE 8 /* bytes from one stub of entry.S to the next */

/* QEMU's isa-debug-exit, and isa-debugcon twice: for machine_log() and machine_trace(). */
#define PC_PORT_DEBUG_EXIT 0xf4
#define PC_PORT_LOG 0xe9
#define PC_PORT_TRACE 0xe8
#define PC_LOG_READY 0 /* first byte of the log: from now on COM1 loses nothing that comes */
/* isa-debug-exit ends QEMU with 2 * value + 1; the value is this plus enum machine_status. */
#define PC_DEBUG_EXIT_BASE 16

#endif
