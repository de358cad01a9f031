/* SPDX-License-Identifier: MIT */
/*
 * The hardware, as both machines offer it: memory, traps, time, devices.
 *
 * No policy: nothing here knows of tasks or cells.  The functions below are
 * all that an object inside the window can reach outside it.  They take no
 * lock, do not allocate and may be called with interrupts off; those that
 * read memory are given memory of the window.  "This CPU" is the CPU that
 * calls; there is one at present.
 *
 * Addresses: va = window + pa, one to one, so an address names both.
 */
#ifndef CLEW_MACHINE_H
#define CLEW_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/trap.h>

#define PAGE_SIZE 4096ul
#define PAGE_SHIFT 12

/* ---- what there is ------------------------------------------------------ */

enum machine_region_kind {
	MACHINE_REGION_FREE = 1,
	MACHINE_REGION_NANO_CORE = 2, /* nano_core's image: text first, then constants, then data */
	MACHINE_REGION_MODULE = 3,    /* modules, read-only */
	MACHINE_REGION_MACHINE = 4,   /* never to be touched */
	MACHINE_REGION_BOOT = 5,      /* what started the machine: erased with nano_core */
};

struct machine_region {
	uintptr_t start; /* page aligned address in the window */
	size_t size;	 /* bytes, a multiple of PAGE_SIZE */
	uint32_t kind;	 /* enum machine_region_kind */
	uint32_t reserved;
};

/* A file the machine was started with: "cells" and "files" (tar archives), "script". */
struct machine_module {
	char name[16];
	const void *start;
	size_t size; /* bytes, without padding */
};

/* A function of this header, for the linker to resolve names to. */
struct machine_symbol {
	const char *name;
	uintptr_t address;
};

enum machine_flag {
	MACHINE_SEEDED = 1u << 0,      /* time advances by counted safe points only */
	MACHINE_TRACE = 1u << 1,       /* machine_trace() goes somewhere */
	MACHINE_INTERACTIVE = 1u << 2, /* a person is at the console */
};

#define MACHINE_REGIONS_MAX 16
#define MACHINE_MODULES_MAX 4

struct machine_info {
	char name[16]; /* "hosted", "pc" */
	uintptr_t window;
	uint64_t memory_size; /* bytes from the window to the end of memory, holes included */
	uint32_t flags;	      /* enum machine_flag */
	uint32_t timer_hz;    /* counts a second of the LAPIC timer, divided by 1 */
	uint32_t n_regions;
	uint32_t n_modules;
	uint32_t n_symbols;
	uint32_t reserved;
	struct machine_region regions[MACHINE_REGIONS_MAX];
	struct machine_module modules[MACHINE_MODULES_MAX];
	const struct machine_symbol *symbols; /* memory of the machine */
};

/* Borrowed from the machine; constant while the system runs. */
const struct machine_info *machine_info(void);

/* ---- memory ------------------------------------------------------------- */

enum machine_prot {
	MACHINE_NONE, /* guard: any access faults */
	MACHINE_R,
	MACHINE_RW,
	MACHINE_RX,
};

/*
 * Sets the permission of whole pages, for every CPU by the time it returns.
 * Pages keep their content.
 * -EINVAL: not pages of the window; -ENOMEM: the machine is out of page
 * tables or mappings, and nothing has changed.
 */
MUST_USE int machine_map(uintptr_t va, size_t pages, enum machine_prot prot);

/* machine_map(MACHINE_NONE) that cannot fail. */
void machine_unmap(uintptr_t va, size_t pages);

/* The permission of the page that holds the address; MACHINE_NONE outside the window. */
enum machine_prot machine_prot_at(uintptr_t va);

/*
 * Writes through the machine's own path, whatever the permission of the
 * pages; the range must lie in the window.  An aligned 8-byte patch is one
 * store: another CPU or an interrupted task sees the old or the new word.
 */
void machine_patch(uintptr_t va, const void *bytes, size_t size);
void machine_patch_fill(uintptr_t va, uint8_t byte, size_t size);

/* ---- interrupts and traps of this CPU ----------------------------------- */

/*
 * Interrupts are off when the system starts and in every trap handler.
 * save: turns them off, returns whether they were on; restore: puts back what
 * save returned, and takes what came meanwhile before it returns.
 */
bool machine_irq_save(void);
void machine_irq_restore(bool were_on);

/* With interrupts off: this CPU waits for one, takes it, returns with them off. */
void machine_idle(void);

/*
 * Where this CPU goes on a trap of the class, on which stack (its lowest
 * address and its size).  A trap while on that very stack goes on below the
 * interrupted frame; when there is no room left for that the machine stops.
 * The handler gets a trap frame that lies on that stack, runs with interrupts
 * off and ends in machine_resume() or in a switch to another context.
 */
enum machine_trap_class {
	MACHINE_FAULTS,	    /* vectors 0 to 31, and TRAP_SYSCALL */
	MACHINE_INTERRUPTS, /* vectors 32 to 255 */
};
typedef void machine_trap_handler(struct trap_frame *frame);
void machine_set_trap_handler(enum machine_trap_class class, machine_trap_handler *handler,
			      void *stack, size_t size);

/* Loads all registers from the frame, the interrupt flag (RFLAGS.IF) included. */
_Noreturn void machine_resume(const struct trap_frame *frame);

/* ---- time --------------------------------------------------------------- */

uint64_t machine_clock_ns(void); /* since boot, one for all CPUs; never goes back */

/*
 * A counted safe point: under MACHINE_SEEDED it advances the clock and may
 * take the timer's interrupt; otherwise it does nothing.  Interrupts on.
 */
void machine_safe_point(void);

uint64_t machine_entropy(void); /* 64 bits; of the seed under MACHINE_SEEDED */

/* ---- devices ------------------------------------------------------------ */

/* I/O ports.  16550s: MACHINE_COM1 (console, vector 0x24), MACHINE_COM2 (control, 0x23). */
#define MACHINE_COM1 0x3f8
#define MACHINE_COM2 0x2f8
#define MACHINE_VECTOR_COM1 0x24
#define MACHINE_VECTOR_COM2 0x23
#define MACHINE_VECTOR_TIMER 0x20
uint8_t machine_in8(uint16_t port); /* all bits set where no device is */
uint16_t machine_in16(uint16_t port);
uint32_t machine_in32(uint16_t port);
void machine_out8(uint16_t port, uint8_t value);
void machine_out16(uint16_t port, uint16_t value);
void machine_out32(uint16_t port, uint32_t value);

/* The local APIC of this CPU; registers by their offset, Intel SDM vol. 3 table 11-1. */
uint32_t machine_lapic_read(uint32_t offset);
void machine_lapic_write(uint32_t offset, uint32_t value);

/* ---- words to the outside ----------------------------------------------- */

/* For the time before there is a console, and after.  Text as it is, no newline added. */
void machine_log(const char *text, size_t size);

/* One event: a JSON object without newline.  The machine adds nothing. */
void machine_trace(const char *text, size_t size);

/* What code lies where: for debuggers outside; nothing depends on an answer. */
struct machine_image {
	const void *object; /* ET_REL, as it was linked; borrowed for the call */
	size_t size;	    /* bytes */
	uintptr_t pools[4]; /* where each pool of link/link.h begins; 0: it has none */
};
void machine_image_linked(const struct machine_image *image); /* its code is in place */
void machine_image_freed(uintptr_t text); /* nothing runs there any more; accepts any address */

/* Ends the machine with this exit status (see clew(1)). */
enum machine_status {
	MACHINE_DOWN = 0,	    /* clean shutdown */
	MACHINE_COMMAND_FAILED = 1, /* clean shutdown after a failed command */
	MACHINE_NO_BOOT = 3,
	MACHINE_DIED = 4,
};
_Noreturn void machine_halt(enum machine_status status);

#endif
