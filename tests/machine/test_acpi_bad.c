/* SPDX-License-Identifier: MIT */
/* The reader of ACPI tables on tables that lie: absent, never read beyond. */
#include <stdlib.h>
#include <string.h>

#include "acpi_tables.h"
#include "physical.h"
#include "tap.h"

static void check_made(void)
{
	ck_assert(tables_gave_apics());
	ck_assert(tables_gave_made_power());
}

static void check_defaults(void)
{
	ck_assert(tables_gave_default_apics());
	ck_assert(tables_gave_no_power());
}

/* The MADT and what the FADT leads to are apart: one that is broken leaves the other. */
static void check_part_is_absent(const struct made *table)
{
	if (table == &tables.madt)
		ck_assert(tables_gave_default_apics() && tables_gave_made_power());
	else if (table == &tables.fadt || table == &tables.dsdt)
		ck_assert(tables_gave_apics() && tables_gave_no_power());
	else
		check_made(); /* there is another way */
}

START_TEST(a_table_with_a_wrong_sum_is_absent)
{
	for (size_t i = 0; i < TABLES; i++) {
		if (tables_all[i] == &tables.rsdp)
			continue;
		tables_make();
		tables_all[i]->bytes[tables_all[i]->size - 1]++;
		tables_read();
		check_part_is_absent(tables_all[i]);
	}
}
END_TEST

START_TEST(a_table_of_which_bytes_are_missing_is_absent)
{
	for (size_t i = 0; i < TABLES; i++) {
		tables_make();
		for (uint32_t n = 0; tables_all[i] != &tables.rsdp && n < tables_all[i]->size;
		     n++) {
			tables_all[i]->present = n;
			tables_read();
			check_part_is_absent(tables_all[i]);
		}
	}
	tables_make();
	for (uint32_t n = 0; n < 20; n++) {
		tables.rsdp.present = n;
		tables_read();
		check_defaults();
	}
}
END_TEST

START_TEST(a_length_that_cannot_be_is_refused)
{
	static const uint32_t lengths[] = {
		0, 1, 10, 35, 16777217, 0x7fffffff, 0x80000000, 0xffffffdc, 0xffffffff,
	};

	for (size_t i = 1; i < TABLES; i++) {
		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			tables_make();
			tables_put(tables_all[i], 4, lengths[j], 4);
			tables_sum(tables_all[i], 9,
				   lengths[j] < tables_all[i]->size ? lengths[j]
								    : tables_all[i]->size);
			tables_read();
			check_part_is_absent(tables_all[i]);
		}
	}
	for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
		tables_make();
		tables_put(&tables.rsdp, 20, lengths[j], 4);
		tables_read();
		check_made(); /* by the RSDT */
	}
}
END_TEST

/* The DSDT elsewhere, with zeros behind it. */
static void read_large_table(uint32_t size)
{
	uint8_t *bytes = calloc(1, size);

	ck_assert_ptr_nonnull(bytes);
	tables_make();
	tables_put(&tables.dsdt, 4, size, 4);
	tables_sum(&tables.dsdt, 9, tables.dsdt.size);
	memcpy(bytes, tables.dsdt.bytes, tables.dsdt.size);
	physical_clear();
	physical_put(DSDT + 0x1000000, bytes, size);
	free(bytes);
	tables_put(&tables.fadt, 40, DSDT + 0x1000000, 4);
	tables_finish(&tables.fadt);
	tables_read_more();
}

START_TEST(a_table_has_at_most_16_mib)
{
	read_large_table(16u << 20);
	check_made();
	read_large_table((16u << 20) + 1);
	check_part_is_absent(&tables.dsdt);
}
END_TEST

/* Sums that are right, so that only the reader's own checks stand in the way. */
START_TEST(a_table_may_end_anywhere)
{
	for (size_t i = 1; i < TABLES; i++) {
		tables_make();
		while (tables_all[i]->size > 0) {
			tables_all[i]->size--;
			tables_finish(tables_all[i]);
			tables_read();
			ck_assert(tables_gave_no_power() || tables_gave_power(0x604, 0xb004, 5, 6));
			ck_assert(tables.acpi.lapic == 0xfee00000 ||
				  tables.acpi.lapic == 0xfee01000);
		}
	}
}
END_TEST

START_TEST(no_damaged_byte_leads_out_of_a_table)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x02, 0x0a, 0x12, 0x7f, 0x80, 0xfe, 0xff };

	for (size_t i = 0; i < TABLES; i++) {
		for (uint32_t at = 0; at < tables_all[i]->size; at++) {
			for (size_t j = 0; j < sizeof(values); j++) {
				tables_make();
				tables_all[i]->bytes[at] = values[j];
				if (i > 0)
					tables_sum(tables_all[i], 9, tables_all[i]->size);
				tables_read();
				ck_assert_uint_ne(tables.acpi.lapic, 0);
				ck_assert_uint_le(tables.power.sleep_type_a, 7);
				ck_assert_uint_le(tables.power.sleep_type_b, 7);
			}
		}
	}
}
END_TEST

START_TEST(tables_that_name_themselves_do_not_hold_up)
{
	tables_make();
	tables_put(&tables.xsdt, 36, XSDT, 8);
	tables_put(&tables.xsdt, 44, XSDT, 8);
	tables_put(&tables.xsdt, 52, RSDP, 8);
	tables_finish(&tables.xsdt);
	tables_put(&tables.fadt, 40, FADT, 4);
	tables_finish(&tables.fadt);
	tables_read();
	check_defaults();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("acpi_bad");
	TCase *bad = tcase_create("malformed");

	suite_add_tcase(suite, bad);
	tcase_set_timeout(bad, 120);
	tcase_add_test(bad, a_table_with_a_wrong_sum_is_absent);
	tcase_add_test(bad, a_table_of_which_bytes_are_missing_is_absent);
	tcase_add_test(bad, a_length_that_cannot_be_is_refused);
	tcase_add_test(bad, a_table_has_at_most_16_mib);
	tcase_add_test(bad, a_table_may_end_anywhere);
	tcase_add_test(bad, no_damaged_byte_leads_out_of_a_table);
	tcase_add_test(bad, tables_that_name_themselves_do_not_hold_up);
	return tap_run(suite);
}
