/* SPDX-License-Identifier: MIT */
/*
 * What runs between the boot loader and nano_core, and is erased with it.
 *
 * Runs with interrupts off on the boot stack, on the boot code's own page
 * tables: the first PC_BOOT_REACH bytes of physical memory are at PC_WINDOW and
 * at PC_ALIAS.  Errors end in boot_fail().
 */
#ifndef PC_BOOT_BOOT_H
#define PC_BOOT_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/machine.h>

#define BOOT_RANGES_MAX 48
#define BOOT_WORDS_MAX 1024
#define BOOT_ERROR_MAX 160

/* Physical bytes [start, end). */
struct boot_range {
	uint64_t start, end;
};

struct boot_ranges {
	struct boot_range at[BOOT_RANGES_MAX];
	uint32_t n;
};

struct boot_module {
	struct boot_range range;
	char name[16]; /* first word of its command line; "" when it has none */
};

/* What the loader says, copied out of its memory. */
struct boot_loader {
	char name[16];		   /* "PVH", "multiboot2" */
	struct boot_ranges usable; /* RAM, as the memory map says: any order, not aligned */
	struct boot_ranges taken;  /* what the map says is not usable RAM: wins over usable */
	struct boot_module modules[MACHINE_MODULES_MAX];
	uint32_t n_modules;
	char words[BOOT_WORDS_MAX]; /* command line */
	uint64_t rsdp;		    /* physical address of ACPI's root pointer; 0: not told */
	uint8_t rsdp_copy[36];	    /* multiboot2 hands a copy over; length 0: none */
	uint32_t rsdp_copy_size;
};

/*
 * Physical memory of at least `size` bytes at pa; NULL: out of reach.  The
 * readers below use nothing else, so that tests can give them memory of their
 * own.
 */
const void *boot_memory(uint64_t pa, uint64_t size);

/* pvh.c: struct hvm_start_info at pa.  0, or -EINVAL with a sentence. */
MUST_USE int boot_read_pvh(uint64_t pa, struct boot_loader *ret, char reterr[BOOT_ERROR_MAX]);

/* multiboot2.c: the boot information at pa. */
MUST_USE int boot_read_multiboot2(uint64_t pa, struct boot_loader *ret,
				  char reterr[BOOT_ERROR_MAX]);

/* words.c: the command line. */
struct boot_words {
	uint32_t flags; /* enum machine_flag */
	uint64_t seed;
	bool debug_exit; /* `debug-exit`: QEMU's isa-debug-exit is there */
};
/*
 * Words: interactive, trace, debug-exit, seed=N, and nothing else: -EINVAL
 * names the first that is wrong and lists those there are; then debug_exit
 * alone is set, so that whoever waits learns of the refusal.
 */
MUST_USE int boot_parse_words(const char *words, struct boot_words *ret,
			      char reterr[BOOT_ERROR_MAX]);

/* plan.c: what goes where. */
struct boot_plan {
	struct boot_ranges free;			 /* whole pages, sorted, apart */
	struct boot_range tables;			 /* page tables; not in free */
	uint64_t memory_end;				 /* end of the highest page that is RAM */
	struct boot_module modules[MACHINE_MODULES_MAX]; /* in the loader's places */
	uint32_t n_modules;
};
/*
 * image: the whole image as loaded, which is kept out, as are the first MiB,
 * modules and what lies above `limit`.  -EINVAL: modules that overlap or are
 * no RAM; -ENOMEM: too little, and the sentence says how much is needed.
 */
MUST_USE int boot_plan(const struct boot_loader *loader, struct boot_range image, uint64_t limit,
		       struct boot_plan *ret, char reterr[BOOT_ERROR_MAX]);
/* Free memory that the system needs besides image, modules and page tables. */
#define BOOT_FREE_MIN (9ull << 19)
/* Bytes of page tables for memory that ends at memory_end (tables.c lays them out). */
uint64_t boot_tables_size(uint64_t memory_end);

/* Takes size bytes (whole pages) off the end of the highest free range that holds them; 0: none. */
uint64_t boot_take(struct boot_plan *plan, uint64_t size);

/* acpi.c: tables.  Absent or broken ones leave the defaults, and that is no error. */
struct boot_acpi {
	struct pc_power *power; /* filled */
	uint64_t lapic;		/* physical; default 0xfee00000 */
	uint64_t ioapic;	/* physical; default 0xfec00000 */
	uint32_t ioapic_base;	/* its first global system interrupt; default 0 */
	struct {
		uint32_t gsi;
		bool low, level; /* active low, level triggered */
	} isa[16];		 /* where ISA interrupts go: default themselves, high, edge */
};
void boot_read_acpi(const struct boot_loader *loader, struct boot_acpi *ret);

/* serial.c: COM1 by polling, before anything else and for boot_fail(). */
bool boot_serial_init(void);
void boot_say(const char *text);

/* Says "clew: " and the sentence on the serial line (without one: on the screen), and ends. */
_Noreturn void boot_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * devices.c: CPU features, 8259s masked, IOAPIC lines, local APIC on; fails when there is none.
 * acpi->lapic becomes what the CPU says, and pc.lapic is its address from here on.
 */
void boot_start_devices(struct boot_acpi *acpi);
/* calibrate.c: fills pc's clock, returns the LAPIC timer's counts a second; fails without a PIT. */
uint32_t boot_calibrate(void);

/* segments.c: GDT, TSS and IDT of this CPU. */
void boot_load_segments(void);

/* tables.c: the page tables the system runs on, at plan->tables; switches to them. */
void boot_build_tables(const struct boot_plan *plan, const struct boot_acpi *acpi);
/* Takes the write permission from struct pc and the segments: the last step. */
void boot_seal(void);

/*
 * modules.c: a member of an archive.  -ENOENT: it has none of that name;
 * -EBADMSG: the archive is broken, at that member or elsewhere; both with a
 * sentence.
 */
struct tar_member;
MUST_USE int boot_find_member(const void *archive, size_t size, const char *name,
			      struct tar_member *ret, char reterr[BOOT_ERROR_MAX]);
/* The module of that name in pc.info; NULL: none. */
const struct machine_module *boot_find_module(const char *name);
/* Adds the archive's members boot/script and boot/files as modules, unless there are such. */
void boot_find_members(void);

/* nano.c: links nano_core.o out of the archive; takes its memory from the plan. */
struct boot_nano {
	struct boot_range range; /* image and stack */
	uintptr_t entry;	 /* nano_core_start */
};
void boot_link_nano_core(struct boot_plan *plan, struct boot_nano *ret);

#endif
