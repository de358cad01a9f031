/* SPDX-License-Identifier: MIT */
/*
 * ACPI: tables of any bytes are never read beyond their ends, and what comes
 * out of them is something that the machine can use.
 *
 * Input: address of the root pointer (4 bytes; 0: to be searched for), bytes
 * of a copy of it (a byte) and these, then blocks of memory: address (4),
 * size (2), a byte, bytes.  Where that byte is odd the block's sums are made
 * right, which no mutation would hit upon.
 */
#include <stdlib.h>
#include <string.h>

#include "../machine/physical.h"
#include "fuzz.h"
#include "machine/pc/boot/boot.h"
#include "machine/pc/pc.h"

#define BLOCKS_MAX 12 /* of physical.c's 16 */
#define ISA_IRQS 16

static void sum_up(uint8_t *bytes, size_t size, size_t at)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)(bytes[at] - sum);
}

/* ACPI 6.4: RSDP 5.2.5.3, other tables 5.2.6. */
static void make_sums_right(uint8_t *bytes, size_t size)
{
	uint32_t length = 0;

	if (size >= 20 && memcmp(bytes, "RSD PTR ", 8) == 0) {
		sum_up(bytes, 20, 8);
		if (size >= 36)
			sum_up(bytes, 36, 32);
		return;
	}
	if (size < 10)
		return;
	memcpy(&length, bytes + 4, sizeof(length));
	sum_up(bytes, length < size ? length : size, 9);
}

static void put_block(struct fuzz_input *input)
{
	uint32_t pa = fuzz_u32(input);
	size_t low = fuzz_byte(input), size = low + fuzz_byte(input) * 256ul;
	bool right = fuzz_byte(input) & 1;
	const uint8_t *bytes = fuzz_bytes(input, size, &size);
	uint8_t *copy = fuzz_copy(bytes, size);

	if (right && size >= 10)
		make_sums_right(copy, size);
	physical_put(pa, copy, size);
	free(copy);
}

static bool is_default(const struct boot_acpi *acpi)
{
	for (uint32_t i = 0; i < ISA_IRQS; i++) {
		if (acpi->isa[i].gsi != i || acpi->isa[i].low || acpi->isa[i].level)
			return false;
	}
	return acpi->lapic == 0xfee00000 && acpi->ioapic == 0xfec00000 && acpi->ioapic_base == 0;
}

/* boot.h and pc.h; SLP_TYP has three bits (4.8.3.2.1). */
static void check(const struct boot_acpi *acpi, const struct pc_power *power)
{
	FUZZ_REQUIRE(acpi->power == power);
	FUZZ_REQUIRE(power->sleep_type_a <= 7 && power->sleep_type_b <= 7);
	FUZZ_REQUIRE(
		power->pm1a_control != 0 ||
		(power->pm1b_control == 0 && power->sleep_type_a == 0 && power->sleep_type_b == 0));
	for (uint32_t i = 0; i < ISA_IRQS; i++)
		FUZZ_REQUIRE(*(const uint8_t *)&acpi->isa[i].low <= 1 &&
			     *(const uint8_t *)&acpi->isa[i].level <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct boot_loader loader = { .rsdp = fuzz_u32(&input) };
	struct pc_power power;
	struct boot_acpi acpi;
	const uint8_t *copy;
	size_t copied;

	copy = fuzz_bytes(&input, fuzz_byte(&input) % (sizeof(loader.rsdp_copy) + 1), &copied);
	if (copied > 0)
		memcpy(loader.rsdp_copy, copy, copied);
	loader.rsdp_copy_size = copied == 36 ? 36 : copied >= 20 ? 20 : 0;
	for (int i = 0; i < BLOCKS_MAX && input.left > 0; i++)
		put_block(&input);
	memset(&power, 0xee, sizeof(power));
	memset(&acpi, 0xee, sizeof(acpi));
	acpi.power = &power;
	boot_read_acpi(&loader, &acpi);
	physical_clear();
	check(&acpi, &power);
	fuzz_accepted += !is_default(&acpi) && power.pm1a_control != 0;
	return 0;
}
