/* SPDX-License-Identifier: MIT */
/*
 * What the boot code needs of ACPI: where the interrupt controllers are, where
 * ISA interrupts go, how to switch the power off.
 *
 * A reader, not an interpreter: of AML only the package \_S5 is looked for,
 * byte by byte.  No table is trusted: each is in reach, as long as it says and
 * sums up to zero, or it counts as absent, and the defaults stay.
 *
 * ACPI 6.4: RSDP 5.2.5, RSDT and XSDT 5.2.7 and 5.2.8, FADT 5.2.9, MADT
 * 5.2.12, \_S5 7.4.2.5, AML 20.2.
 */
#include "base/string.h"
#include "machine/pc/boot/boot.h"
#include "machine/pc/pc.h"

#define LAPIC_DEFAULT 0xfee00000u
#define IOAPIC_DEFAULT 0xfec00000u

#define RSDP_SIZE 20 /* of revision 0 */
#define RSDP_SIZE_2 36
#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_LENGTH 20
#define RSDP_XSDT 24
#define RSDP_ALIGN 16
#define EBDA_SEGMENT 0x40e /* where the BIOS keeps it */
#define EBDA_SCANNED 1024
#define BIOS_START 0xe0000
#define BIOS_END 0x100000

#define HEADER_SIZE 36
#define HEADER_LENGTH 4
#define TABLE_MAX (16u << 20)
#define TABLES_MAX 256

#define MADT_LAPIC 36
#define MADT_ENTRIES 44
enum madt_type {
	MADT_IOAPIC = 1,	 /* length 12 */
	MADT_OVERRIDE = 2,	 /* 10 */
	MADT_LAPIC_OVERRIDE = 5, /* 12 */
};
#define OVERRIDE_POLARITY 3u
#define OVERRIDE_LOW 3u
#define OVERRIDE_TRIGGER (3u << 2)
#define OVERRIDE_LEVEL (3u << 2)

#define FADT_DSDT 40
#define FADT_PM1A_CONTROL 64
#define FADT_PM1B_CONTROL 68
#define FADT_SIZE 72 /* what is needed of it */
#define FADT_X_DSDT 140
#define FADT_X_PM1A_CONTROL 172
#define FADT_X_PM1B_CONTROL 184
#define GAS_SIZE 12
#define GAS_ADDRESS 4
#define GAS_IO 1

#define AML_ZERO 0x00
#define AML_ONE 0x01
#define AML_NAME 0x08
#define AML_BYTE 0x0a
#define AML_WORD 0x0b
#define AML_PACKAGE 0x12
#define AML_ROOT '\\'
#define SLEEP_TYPE_MAX 7

/* Borrowed bytes of physical memory; size 0: absent. */
struct table {
	const uint8_t *bytes;
	uint32_t size;
};

struct roots {
	struct table list;   /* RSDT or XSDT */
	uint32_t entry_size; /* 4 or 8 */
};

/* ---- bytes ---------------------------------------------------------------------- */

/* Little-endian, no alignment; size at most 8. */
static uint64_t load(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	while (size-- > 0)
		value = value << 8 | at[size];
	return value;
}

static bool sums_to_zero(const uint8_t *bytes, uint64_t size)
{
	uint8_t sum = 0;

	for (uint64_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum == 0;
}

/* false: absent or broken. */
static bool open_table(uint64_t pa, struct table *ret)
{
	const uint8_t *header = pa ? boot_memory(pa, HEADER_SIZE) : NULL;
	uint32_t size;

	if (!header)
		return false;
	size = (uint32_t)load(header + HEADER_LENGTH, 4);
	if (size < HEADER_SIZE || size > TABLE_MAX)
		return false;
	header = boot_memory(pa, size);
	if (!header || !sums_to_zero(header, size))
		return false;
	*ret = (struct table){ header, size };
	return true;
}

static bool is_called(const struct table *table, const char *signature)
{
	return memcmp(table->bytes, signature, 4) == 0;
}

/* ---- root pointer ----------------------------------------------------------------- */

/* At most `size` bytes are there. */
static bool read_rsdp(const uint8_t *rsdp, uint64_t size, struct roots *ret)
{
	uint32_t length;

	if (size < RSDP_SIZE || memcmp(rsdp, "RSD PTR ", 8) != 0 || !sums_to_zero(rsdp, RSDP_SIZE))
		return false;
	if (rsdp[RSDP_REVISION] >= 2 && size >= RSDP_SIZE_2) {
		length = (uint32_t)load(rsdp + RSDP_LENGTH, 4);
		if (length >= RSDP_SIZE_2 && length <= size && sums_to_zero(rsdp, length) &&
		    open_table(load(rsdp + RSDP_XSDT, 8), &ret->list) &&
		    is_called(&ret->list, "XSDT")) {
			ret->entry_size = 8;
			return true;
		}
	}
	ret->entry_size = 4;
	return open_table(load(rsdp + RSDP_RSDT, 4), &ret->list) && is_called(&ret->list, "RSDT");
}

/* The root pointer at pa, as much of it as is in reach. */
static bool read_rsdp_at(uint64_t pa, struct roots *ret)
{
	const uint8_t *rsdp = boot_memory(pa, RSDP_SIZE_2);

	if (rsdp)
		return read_rsdp(rsdp, RSDP_SIZE_2, ret);
	rsdp = boot_memory(pa, RSDP_SIZE);
	return rsdp && read_rsdp(rsdp, RSDP_SIZE, ret);
}

static bool scan(uint64_t start, uint64_t end, struct roots *ret)
{
	for (uint64_t pa = start; pa < end; pa += RSDP_ALIGN) {
		if (read_rsdp_at(pa, ret))
			return true;
	}
	return false;
}

static bool find_roots(const struct boot_loader *loader, struct roots *ret)
{
	const uint8_t *segment = boot_memory(EBDA_SEGMENT, 2);
	uint64_t ebda = segment ? load(segment, 2) << 4 : 0;
	uint32_t copied = loader->rsdp_copy_size;

	if (copied <= sizeof(loader->rsdp_copy) && read_rsdp(loader->rsdp_copy, copied, ret))
		return true;
	if (loader->rsdp && read_rsdp_at(loader->rsdp, ret))
		return true;
	if (ebda && scan(ebda, ebda + EBDA_SCANNED, ret))
		return true;
	return scan(BIOS_START, BIOS_END, ret);
}

/* The table of that name after the first *n; false: there is no other. */
static bool next_table(const struct roots *roots, const char *signature, uint32_t *n,
		       struct table *ret)
{
	uint32_t count = (roots->list.size - HEADER_SIZE) / roots->entry_size;
	const uint8_t *entries = roots->list.bytes + HEADER_SIZE;
	struct table table;

	while (*n < count && *n < TABLES_MAX) {
		uint64_t pa = load(entries + (size_t)*n * roots->entry_size, roots->entry_size);

		++*n;
		if (open_table(pa, &table) && is_called(&table, signature)) {
			*ret = table;
			return true;
		}
	}
	return false;
}

/* ---- interrupt controllers ---------------------------------------------------------- */

static void set_lapic(struct boot_acpi *acpi, uint64_t pa)
{
	if (pa != 0 && pa % PAGE_SIZE == 0)
		acpi->lapic = pa;
}

/* The one with the first interrupts is the one for ISA. */
static void add_ioapic(struct boot_acpi *acpi, const uint8_t *entry, bool *is_known)
{
	uint64_t pa = load(entry + 4, 4);
	uint32_t base = (uint32_t)load(entry + 8, 4);

	if (pa == 0 || pa % 16 != 0 || (*is_known && base >= acpi->ioapic_base))
		return;
	*is_known = true;
	acpi->ioapic = pa;
	acpi->ioapic_base = base;
}

/* "Conforms" is, for ISA, active high and edge triggered. */
static void add_override(struct boot_acpi *acpi, const uint8_t *entry)
{
	uint32_t flags = (uint32_t)load(entry + 8, 2);
	uint8_t irq = entry[3];

	if (entry[2] != 0 || irq >= sizeof(acpi->isa) / sizeof(acpi->isa[0]))
		return;
	acpi->isa[irq].gsi = (uint32_t)load(entry + 4, 4);
	acpi->isa[irq].low = (flags & OVERRIDE_POLARITY) == OVERRIDE_LOW;
	acpi->isa[irq].level = (flags & OVERRIDE_TRIGGER) == OVERRIDE_LEVEL;
}

static void read_madt(const struct table *madt, struct boot_acpi *acpi)
{
	bool has_ioapic = false;
	uint32_t at = MADT_ENTRIES;

	if (madt->size < MADT_ENTRIES)
		return;
	set_lapic(acpi, load(madt->bytes + MADT_LAPIC, 4));
	while (madt->size - at >= 2) {
		const uint8_t *entry = madt->bytes + at;
		uint8_t type = entry[0], size = entry[1];

		if (size < 2 || size > madt->size - at)
			return;
		if (type == MADT_IOAPIC && size >= 12)
			add_ioapic(acpi, entry, &has_ioapic);
		else if (type == MADT_OVERRIDE && size >= 10)
			add_override(acpi, entry);
		else if (type == MADT_LAPIC_OVERRIDE && size >= 12)
			set_lapic(acpi, load(entry + 4, 8));
		at += size;
	}
}

/* ---- power ---------------------------------------------------------------------- */

/* An integer of at most SLEEP_TYPE_MAX; false: something else. */
static bool read_sleep_type(const struct table *aml, uint32_t *at, uint32_t end, uint16_t *ret)
{
	uint32_t left = end - *at, value;
	const uint8_t *bytes = aml->bytes + *at;

	if (left >= 1 && (bytes[0] == AML_ZERO || bytes[0] == AML_ONE)) {
		value = bytes[0];
		*at += 1;
	} else if (left >= 2 && bytes[0] == AML_BYTE) {
		value = bytes[1];
		*at += 2;
	} else if (left >= 3 && bytes[0] == AML_WORD) {
		value = (uint32_t)load(bytes + 1, 2);
		*at += 3;
	} else {
		return false;
	}
	*ret = (uint16_t)value;
	return value <= SLEEP_TYPE_MAX;
}

/* AML 20.2.4: one to four bytes that count themselves; false: it does not end in the table. */
static bool read_package_end(const struct table *aml, uint32_t *at, uint32_t *ret)
{
	uint32_t start = *at, left = aml->size - start, more, length;

	if (left < 1)
		return false;
	more = aml->bytes[start] >> 6;
	if (left < 1 + more)
		return false;
	length = aml->bytes[start] & (more > 0 ? 0x0f : 0x3f);
	for (uint32_t i = 0; i < more; i++)
		length |= (uint32_t)aml->bytes[start + 1 + i] << (4 + 8 * i);
	if (length < 1 + more || length > left)
		return false;
	*at = start + 1 + more;
	*ret = start + length;
	return true;
}

/* Name (_S5, Package () { SLP_TYPa, SLP_TYPb, ... }), the name's four bytes being at `at`. */
static bool read_s5(const struct table *aml, uint32_t at, struct pc_power *ret)
{
	const uint8_t *name = aml->bytes + at;
	bool is_name = name[-1] == AML_NAME || (name[-1] == AML_ROOT && name[-2] == AML_NAME);
	uint16_t a, b = 0;
	uint32_t end;
	uint8_t n;

	at += 4;
	if (!is_name || at >= aml->size || aml->bytes[at++] != AML_PACKAGE ||
	    !read_package_end(aml, &at, &end) || at >= end)
		return false;
	n = aml->bytes[at++];
	if (n < 1 || !read_sleep_type(aml, &at, end, &a))
		return false;
	if (n >= 2 && !read_sleep_type(aml, &at, end, &b))
		return false;
	ret->sleep_type_a = a;
	ret->sleep_type_b = b;
	return true;
}

static bool find_s5(const struct table *aml, struct pc_power *ret)
{
	for (uint32_t at = HEADER_SIZE + 1; at + 4 <= aml->size; at++) {
		if (memcmp(aml->bytes + at, "_S5_", 4) == 0 && read_s5(aml, at, ret))
			return true;
	}
	return false;
}

static bool find_sleep_types(const struct roots *roots, const struct table *fadt,
			     struct pc_power *ret)
{
	uint64_t pa = load(fadt->bytes + FADT_DSDT, 4);
	struct table aml;
	uint32_t n = 0;

	if (fadt->size >= FADT_X_DSDT + 8 && load(fadt->bytes + FADT_X_DSDT, 8) != 0)
		pa = load(fadt->bytes + FADT_X_DSDT, 8);
	if (open_table(pa, &aml) && is_called(&aml, "DSDT") && find_s5(&aml, ret))
		return true;
	while (next_table(roots, "SSDT", &n, &aml)) {
		if (find_s5(&aml, ret))
			return true;
	}
	return false;
}

/* 0: there is none. */
static uint16_t read_port(const struct table *fadt, uint32_t at, uint32_t extended_at)
{
	uint64_t port = load(fadt->bytes + at, 4);

	if (fadt->size >= extended_at + GAS_SIZE && fadt->bytes[extended_at] == GAS_IO &&
	    load(fadt->bytes + extended_at + GAS_ADDRESS, 8) != 0)
		port = load(fadt->bytes + extended_at + GAS_ADDRESS, 8);
	return port < UINT16_MAX ? (uint16_t)port : 0;
}

static void read_fadt(const struct roots *roots, const struct table *fadt, struct pc_power *ret)
{
	struct pc_power power = { 0 };

	if (fadt->size < FADT_SIZE)
		return;
	power.pm1a_control = read_port(fadt, FADT_PM1A_CONTROL, FADT_X_PM1A_CONTROL);
	power.pm1b_control = read_port(fadt, FADT_PM1B_CONTROL, FADT_X_PM1B_CONTROL);
	if (power.pm1a_control && find_sleep_types(roots, fadt, &power))
		*ret = power;
}

void boot_read_acpi(const struct boot_loader *loader, struct boot_acpi *ret)
{
	struct roots roots = { 0 };
	struct table table;
	uint32_t n = 0;

	ret->lapic = LAPIC_DEFAULT;
	ret->ioapic = IOAPIC_DEFAULT;
	ret->ioapic_base = 0;
	for (uint32_t i = 0; i < sizeof(ret->isa) / sizeof(ret->isa[0]); i++) {
		ret->isa[i].gsi = i;
		ret->isa[i].low = ret->isa[i].level = false;
	}
	*ret->power = (struct pc_power){ 0 };
	if (!find_roots(loader, &roots))
		return;
	if (next_table(&roots, "APIC", &n, &table))
		read_madt(&table, ret);
	n = 0;
	if (next_table(&roots, "FACP", &n, &table))
		read_fadt(&roots, &table, ret->power);
}
