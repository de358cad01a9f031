/* SPDX-License-Identifier: MIT */
/* ACPI tables made by hand, and what boot_read_acpi() makes of them. */
#include "acpi_tables.h"

#include <string.h>

#include "physical.h"

const uint8_t tables_s5[TABLES_S5_SIZE] = {
	0x08, '\\', '_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a, 0x05, 0x0a, 0x06, 0x00, 0x00,
};

struct tables tables;

struct made *const tables_all[TABLES] = {
	&tables.rsdp, &tables.rsdt, &tables.xsdt, &tables.madt,
	&tables.fadt, &tables.dsdt, &tables.ssdt,
};

/* ---- making ------------------------------------------------------------------- */

void tables_put(struct made *table, size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		table->bytes[at + i] = (uint8_t)(value >> 8 * i);
}

void tables_append(struct made *table, const void *bytes, size_t size)
{
	memcpy(table->bytes + table->size, bytes, size);
	table->size += (uint32_t)size;
}

void tables_sum(struct made *table, size_t at, size_t size)
{
	uint8_t total = 0;

	table->bytes[at] = 0;
	for (size_t i = 0; i < size; i++)
		total = (uint8_t)(total + table->bytes[i]);
	table->bytes[at] = (uint8_t)-total;
}

void tables_begin(struct made *table, uint64_t pa, const char *signature, uint32_t size)
{
	memset(table, 0, sizeof(*table));
	table->pa = pa;
	table->size = size;
	memcpy(table->bytes, signature, strlen(signature));
}

/* Length and checksum as they must be. */
void tables_finish(struct made *table)
{
	if (table == &tables.rsdp) {
		tables_put(table, 20, table->size, 4);
		tables_sum(table, 8, 20);
		tables_sum(table, 32, table->size);
	} else {
		tables_put(table, 4, table->size, 4);
		tables_sum(table, 9, table->size);
	}
	table->present = table->size;
}

static void finish_all(void)
{
	for (size_t i = 0; i < TABLES; i++)
		tables_finish(tables_all[i]);
}

static void make_madt(void)
{
	struct made *madt = &tables.madt;

	tables_begin(madt, MADT, "APIC", 44);
	tables_put(madt, 36, 0xfee01000, 4);
	tables_append(madt, "\0\x08\0\0\1\0\0\0", 8); /* processor */
	/* I/O APIC with the interrupts from 24, and the one from 0 */
	tables_append(madt, "\1\x0c\2\0\x00\x10\xc0\xfe\x18\0\0\0", 12);
	tables_append(madt, "\1\x0c\1\0\x00\x00\xc8\xfe\0\0\0\0", 12);
	tables_append(madt, "\2\x0a\0\0\2\0\0\0\0\0", 10);     /* IRQ 0: 2, conforms */
	tables_append(madt, "\2\x0a\0\3\x13\0\0\0\x0f\0", 10); /* 3: 19, low, level */
	tables_append(madt, "\2\x0a\0\4\x14\0\0\0\x05\0", 10); /* 4: 20, high, edge */
	tables_append(madt, "\2\x0a\1\5\x15\0\0\0\x0f\0", 10); /* another bus */
	tables_append(madt, "\x7f\3\0", 3);		       /* a type to come */
	tables_append(madt, "\4\6\xff\0\0\1", 6);	       /* NMI */
}

static void make_fadt(void)
{
	tables_begin(&tables.fadt, FADT, "FACP", 116);
	tables_put(&tables.fadt, 40, DSDT, 4);
	tables_put(&tables.fadt, 64, 0x604, 4);
	tables_put(&tables.fadt, 68, 0xb004, 4);
}

/* All there is, found by the told root pointer. */
void tables_make(void)
{
	memset(&tables.loader, 0, sizeof(tables.loader));
	tables.loader.rsdp = RSDP;
	tables_begin(&tables.rsdp, RSDP, "RSD PTR ", 36);
	tables.rsdp.bytes[15] = 2;
	tables_put(&tables.rsdp, 16, RSDT, 4);
	tables_put(&tables.rsdp, 24, XSDT, 8);
	tables_begin(&tables.rsdt, RSDT, "RSDT", 36 + 4 * 3);
	tables_put(&tables.rsdt, 36, FADT, 4);
	tables_put(&tables.rsdt, 40, MADT, 4);
	tables_put(&tables.rsdt, 44, SSDT, 4);
	tables_begin(&tables.xsdt, XSDT, "XSDT", 36 + 8 * 3);
	tables_put(&tables.xsdt, 36, SSDT, 8);
	tables_put(&tables.xsdt, 44, FADT, 8);
	tables_put(&tables.xsdt, 52, MADT, 8);
	make_madt();
	make_fadt();
	tables_begin(&tables.dsdt, DSDT, "DSDT", 36);
	tables_append(&tables.dsdt, "some AML", 8);
	tables_append(&tables.dsdt, tables_s5, TABLES_S5_SIZE);
	tables_append(&tables.dsdt, "and more", 8);
	tables_begin(&tables.ssdt, SSDT, "SSDT", 36);
	tables_append(&tables.ssdt, "_S5_ is no name here", 20);
	finish_all();
}

/* ---- reading ------------------------------------------------------------------- */

/* Besides what a test has put there itself. */
void tables_read_more(void)
{
	for (size_t i = 0; i < TABLES; i++) {
		if (tables_all[i]->present > 0)
			physical_put(tables_all[i]->pa, tables_all[i]->bytes,
				     tables_all[i]->present);
	}
	memset(&tables.power, 0xee, sizeof(tables.power));
	memset(&tables.acpi, 0xee, sizeof(tables.acpi));
	tables.acpi.power = &tables.power;
	boot_read_acpi(&tables.loader, &tables.acpi);
	physical_clear();
}

void tables_read(void)
{
	physical_clear();
	tables_read_more();
}

static bool irq_is(unsigned int irq, uint32_t gsi, bool low, bool level)
{
	return tables.acpi.isa[irq].gsi == gsi && tables.acpi.isa[irq].low == low &&
	       tables.acpi.isa[irq].level == level;
}

bool tables_gave_default_apics(void)
{
	for (unsigned int i = 0; i < 16; i++) {
		if (!irq_is(i, i, false, false))
			return false;
	}
	return tables.acpi.lapic == 0xfee00000 && tables.acpi.ioapic == 0xfec00000 &&
	       tables.acpi.ioapic_base == 0;
}

bool tables_gave_apics(void)
{
	for (unsigned int i = 1; i < 16; i++) {
		if (i != 3 && i != 4 && !irq_is(i, i, false, false))
			return false;
	}
	return tables.acpi.lapic == 0xfee01000 && tables.acpi.ioapic == 0xfec80000 &&
	       tables.acpi.ioapic_base == 0 && irq_is(0, 2, false, false) &&
	       irq_is(3, 19, true, true) && irq_is(4, 20, false, false);
}

bool tables_gave_power(uint16_t a, uint16_t b, uint16_t type_a, uint16_t type_b)
{
	return tables.power.pm1a_control == a && tables.power.pm1b_control == b &&
	       tables.power.sleep_type_a == type_a && tables.power.sleep_type_b == type_b;
}

bool tables_gave_no_power(void)
{
	return tables_gave_power(0, 0, 0, 0);
}

bool tables_gave_made_power(void)
{
	return tables_gave_power(0x604, 0xb004, 5, 6);
}
