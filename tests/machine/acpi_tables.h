/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables made by hand after ACPI 6.4: offsets of 5.2.5 (RSDP), 5.2.6
 * (header), 5.2.9 (FADT), 5.2.12 (MADT), bytes of 20.2 (AML).
 */
#ifndef TESTS_MACHINE_ACPI_TABLES_H
#define TESTS_MACHINE_ACPI_TABLES_H

#include <stdbool.h>

#include "machine/pc/boot/boot.h"
#include "machine/pc/pc.h"

#define RSDP 0xf5960
#define RSDT 0x7fe0000
#define XSDT 0x7fe1000
#define MADT 0x7fe2000
#define FADT 0x7fe3000
#define DSDT 0x7fe4000
#define SSDT 0x7fe5000

/* A table: where, what, and how many of its bytes are in memory at all. */
struct made {
	uint64_t pa;
	uint32_t size, present;
	uint8_t bytes[512];
};

extern struct tables {
	struct made rsdp, rsdt, xsdt, madt, fadt, dsdt, ssdt;
	struct boot_loader loader; /* what was told */
	struct boot_acpi acpi;	   /* what came out */
	struct pc_power power;
} tables;

#define TABLES 7
extern struct made *const tables_all[TABLES]; /* the root pointer first */

/* Name (\_S5, Package (4) { 5, 6, 0, 0 }) */
#define TABLES_S5_SIZE 15
extern const uint8_t tables_s5[TABLES_S5_SIZE];

/* All there is, found by the root pointer that was told. */
void tables_make(void);

void tables_begin(struct made *table, uint64_t pa, const char *signature, uint32_t size);
void tables_put(struct made *table, size_t at, uint64_t value, size_t size);
void tables_append(struct made *table, const void *bytes, size_t size);
void tables_sum(struct made *table, size_t at, size_t size); /* the byte at `at` */
void tables_finish(struct made *table);			     /* length and sums */

/* Puts them into memory, besides what a test has put there itself, and reads. */
void tables_read_more(void);
/* ... with nothing besides. */
void tables_read(void);

bool tables_gave_default_apics(void);
bool tables_gave_apics(void); /* of tables_make() */
bool tables_gave_power(uint16_t a, uint16_t b, uint16_t type_a, uint16_t type_b);
bool tables_gave_no_power(void);
bool tables_gave_made_power(void);

#endif
