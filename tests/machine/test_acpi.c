/* SPDX-License-Identifier: MIT */
/* The reader of ACPI tables: what it finds, and where. */
#include <string.h>

#include "acpi_tables.h"
#include "tap.h"

#define EBDA 0x9fc00

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

/* ---- root pointer ---------------------------------------------------------------- */

START_TEST(without_tables_the_defaults_stay)
{
	tables_make();
	for (size_t i = 0; i < TABLES; i++)
		tables_all[i]->present = 0;
	tables_read();
	check_defaults();
}
END_TEST

START_TEST(tables_are_found_by_the_pointer_that_was_told)
{
	tables_make();
	tables_read();
	check_made();
}
END_TEST

START_TEST(tables_are_found_by_the_pointer_that_was_copied)
{
	tables_make();
	tables.loader.rsdp = 0;
	memcpy(tables.loader.rsdp_copy, tables.rsdp.bytes, 36);
	tables.loader.rsdp_copy_size = 36;
	tables.rsdp.present = 0;
	tables.xsdt.bytes[9]++; /* and this one's broken, too */
	tables_read();
	check_made();
}
END_TEST

START_TEST(a_copied_pointer_of_revision_0_has_20_bytes)
{
	tables_make();
	tables.loader.rsdp = 0;
	tables.rsdp.bytes[15] = 0;
	tables_finish(&tables.rsdp);
	memcpy(tables.loader.rsdp_copy, tables.rsdp.bytes, 20);
	tables.loader.rsdp_copy_size = 20;
	tables.rsdp.present = tables.xsdt.present = 0;
	tables_read();
	check_made();
}
END_TEST

START_TEST(a_copied_pointer_of_an_impossible_size_is_none)
{
	tables_make();
	tables.loader.rsdp = 0;
	memcpy(tables.loader.rsdp_copy, tables.rsdp.bytes, 36);
	tables.rsdp.present = 0;
	tables.loader.rsdp_copy_size = 19;
	tables_read();
	check_defaults();
	tables.loader.rsdp_copy_size = 4096;
	tables_read();
	check_defaults();
}
END_TEST

START_TEST(tables_are_found_by_a_pointer_in_the_bios)
{
	tables_make();
	tables.loader.rsdp = 0;
	tables_read();
	check_made();
	tables.rsdp.pa = 0xe0000;
	tables_read();
	check_made();
	tables.rsdp.pa = 0xfffd0;
	tables_read();
	check_made();
	tables.rsdp.pa = 0xf5961; /* not on a boundary of 16 */
	tables_read();
	check_defaults();
}
END_TEST

START_TEST(tables_are_found_by_a_pointer_in_the_ebda)
{
	static struct made *const segment = &tables.ssdt; /* not needed otherwise */

	tables_make();
	tables.loader.rsdp = 0;
	tables_begin(segment, 0x40e, "\xc0\x9f", 2);
	segment->present = 2;
	tables.rsdp.pa = EBDA + 1008;
	tables_read();
	check_made();
	tables.rsdp.pa = EBDA + 1024;
	tables_read();
	check_defaults();
}
END_TEST

START_TEST(a_told_pointer_that_is_broken_is_looked_for)
{
	tables_make();
	tables.loader.rsdp = 0xffffffffffffffff;
	tables_read();
	check_made();
	tables.loader.rsdp = DSDT;
	tables_read();
	check_made();
}
END_TEST

START_TEST(a_root_pointer_with_a_wrong_sum_is_none)
{
	tables_make();
	tables.rsdp.bytes[9]++;
	tables_read();
	check_defaults();
}
END_TEST

START_TEST(a_broken_xsdt_leaves_the_rsdt)
{
	tables_make();
	tables.xsdt.bytes[9]++;
	tables_read();
	check_made();
	tables_make();
	tables_put(&tables.rsdp, 24, 0xfffffffffffffff0, 8);
	tables_finish(&tables.rsdp);
	tables_read();
	check_made();
	tables_make();
	tables.rsdp.bytes[32]++; /* the sum of all 36 bytes */
	tables.xsdt.bytes[0] = 'Y';
	tables_finish(&tables.xsdt);
	tables_read();
	check_made();
}
END_TEST

START_TEST(the_xsdt_wins_over_the_rsdt)
{
	tables_make();
	tables.rsdt.bytes[9]++;
	tables_read();
	check_made();
}
END_TEST

/* ---- interrupt controllers --------------------------------------------------------- */

START_TEST(a_64_bit_address_of_the_local_apic_wins)
{
	static const uint8_t entry[] = { 5, 12, 0, 0, 0, 0x20, 0xe0, 0xfe, 1, 0, 0, 0 };

	tables_make();
	tables_append(&tables.madt, entry, sizeof(entry));
	tables_finish(&tables.madt);
	tables_read();
	ck_assert_uint_eq(tables.acpi.lapic, 0x1fee02000);
}
END_TEST

START_TEST(the_io_apic_with_the_first_interrupts_is_used)
{
	static const uint8_t entry[] = { 1, 12, 3, 0, 0, 0, 0xd0, 0xfe, 48, 0, 0, 0 };

	tables_make();
	tables_append(&tables.madt, entry, sizeof(entry));
	tables_finish(&tables.madt);
	tables_read();
	check_made();
}
END_TEST

START_TEST(an_address_that_no_apic_can_have_leaves_the_default)
{
	tables_make();
	tables_put(&tables.madt, 36, 0xfee00010, 4);
	tables_put(&tables.madt, 44 + 8 + 12 + 4, 0xfec80004, 4); /* the I/O APIC of interrupt 0 */
	tables_finish(&tables.madt);
	tables_read();
	ck_assert_uint_eq(tables.acpi.lapic, 0xfee00000);
	ck_assert_uint_eq(tables.acpi.ioapic, 0xfec01000);
	ck_assert_uint_eq(tables.acpi.ioapic_base, 24);
	tables_put(&tables.madt, 36, 0, 4);
	tables_finish(&tables.madt);
	tables_read();
	ck_assert_uint_eq(tables.acpi.lapic, 0xfee00000);
}
END_TEST

START_TEST(an_override_of_an_irq_past_15_is_left_out)
{
	static const uint8_t entry[] = { 2, 10, 0, 16, 40, 0, 0, 0, 0x0f, 0 };

	tables_make();
	tables_append(&tables.madt, entry, sizeof(entry));
	tables_finish(&tables.madt);
	tables_read();
	check_made();
}
END_TEST

/* What stands before the bad entry holds. */
START_TEST(an_entry_that_is_too_short_or_too_long_ends_the_madt)
{
	static const uint8_t bad[][10] = {
		{ 2, 0, 0, 9, 9, 0, 0, 0, 0x0f, 0 },  { 2, 1, 0, 9, 9, 0, 0, 0, 0x0f, 0 },
		{ 2, 11, 0, 9, 9, 0, 0, 0, 0x0f, 0 }, { 2, 255, 0, 9, 9, 0, 0, 0, 0x0f, 0 },
		{ 2, 9, 0, 9, 9, 0, 0, 0, 0x0f, 9 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tables_make();
		tables_append(&tables.madt, bad[i], sizeof(bad[i]));
		tables_finish(&tables.madt);
		tables_read();
		check_made();
	}
}
END_TEST

/* ---- power ------------------------------------------------------------------------ */

static void replace_s5(const void *aml, size_t size)
{
	tables_make();
	tables_begin(&tables.dsdt, DSDT, "DSDT", 36);
	tables_append(&tables.dsdt, aml, size);
	tables_finish(&tables.dsdt);
	tables_read();
}

START_TEST(sleep_types_are_read_in_every_form)
{
	replace_s5("\x08_S5_\x12\x06\x04\x01\x00\x00\x00", 12);
	ck_assert(tables_gave_power(0x604, 0xb004, 1, 0));
	replace_s5("\x08_S5_\x12\x08\x02\x0b\x07\x00\x0b\x03\x00", 14);
	ck_assert(tables_gave_power(0x604, 0xb004, 7, 3));
	replace_s5("\x08_S5_\x12\x04\x01\x0a\x07", 10); /* one element: for PM1a */
	ck_assert(tables_gave_power(0x604, 0xb004, 7, 0));
	replace_s5("\x08_S5_\x12\x47\x00\x02\x0a\x07\x0a\x06", 13); /* a length of two bytes */
	ck_assert(tables_gave_power(0x604, 0xb004, 7, 6));
	replace_s5("\x08_S5_\x12\xc9\x00\x00\x00\x02\x0a\x07\x0a\x06", 15); /* of four */
	ck_assert(tables_gave_power(0x604, 0xb004, 7, 6));
}
END_TEST

START_TEST(what_only_looks_like_s5_is_none)
{
	replace_s5("\x07_S5_\x12\x06\x04\x01\x00\x00\x00", 12); /* no Name */
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x11\x06\x04\x01\x00\x00\x00", 12); /* a buffer */
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x12\x06\x04\x0a\x08\x00\x00", 12); /* 8 does not fit */
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x12\x05\x04\xff\x00\x00", 11); /* Ones */
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x12\x06\x00\x01\x00\x00\x00", 12); /* no elements */
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x12\x03\x02\x01\x00\x00\x00", 12); /* ends after the first */
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x12\x07\x04\x01\x00\x00\x00", 12); /* ends behind the table */
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x12\x00\x04\x01\x00\x00\x00", 12); /* shorter than itself */
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x12\xcf\xff\xff\xff\x04\x01", 12);
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x12\x01", 7); /* the table ends before the number of elements */
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x12\xc0", 7); /* ... in the middle of the length */
	ck_assert(tables_gave_no_power());
	replace_s5("\x08_S5_\x12", 6);
	ck_assert(tables_gave_no_power());
	replace_s5("", 0);
	ck_assert(tables_gave_no_power());
}
END_TEST

START_TEST(the_search_goes_on_behind_what_only_looks_like_s5)
{
	static const uint8_t aml[] =
		"\x08_S5_\x12\x06\x04\x0a\x09\x00\x00\x08_S5_\x12\x04\x02\x01\x00";

	replace_s5(aml, sizeof(aml) - 1);
	ck_assert(tables_gave_power(0x604, 0xb004, 1, 0));
}
END_TEST

START_TEST(s5_may_be_in_another_definition_block)
{
	tables_make();
	tables.dsdt.present = 0;
	tables_append(&tables.ssdt, tables_s5, TABLES_S5_SIZE);
	tables_finish(&tables.ssdt);
	tables_read();
	check_made();
}
END_TEST

START_TEST(extended_fields_of_the_fadt_win_when_they_are_ports)
{
	tables_make();
	tables.fadt.size = 244;
	tables.fadt.bytes[8] = 3;
	tables_put(&tables.fadt, 40, 0, 4);
	tables_put(&tables.fadt, 140, DSDT, 8);
	tables_put(&tables.fadt, 172, 0x1001, 2); /* I/O space, 16 bits */
	tables_put(&tables.fadt, 176, 0x1804, 8);
	tables_put(&tables.fadt, 184, 0x1000, 2); /* memory */
	tables_put(&tables.fadt, 188, 0x1904, 8);
	tables_finish(&tables.fadt);
	tables_read();
	ck_assert(tables_gave_power(0x1804, 0xb004, 5, 6));
}
END_TEST

START_TEST(a_port_past_65535_is_none)
{
	tables_make();
	tables_put(&tables.fadt, 64, 0x10604, 4);
	tables_finish(&tables.fadt);
	tables_read();
	ck_assert(tables_gave_no_power());
	ck_assert(tables_gave_apics());
	tables_put(&tables.fadt, 64, 0x604, 4);
	tables_put(&tables.fadt, 68, 0x10604, 4);
	tables_finish(&tables.fadt);
	tables_read();
	ck_assert(tables_gave_power(0x604, 0, 5, 6));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("acpi");
	TCase *roots = tcase_create("roots"), *apics = tcase_create("apics"),
	      *off = tcase_create("power");

	suite_add_tcase(suite, roots);
	tcase_add_test(roots, without_tables_the_defaults_stay);
	tcase_add_test(roots, tables_are_found_by_the_pointer_that_was_told);
	tcase_add_test(roots, tables_are_found_by_the_pointer_that_was_copied);
	tcase_add_test(roots, a_copied_pointer_of_revision_0_has_20_bytes);
	tcase_add_test(roots, a_copied_pointer_of_an_impossible_size_is_none);
	tcase_add_test(roots, tables_are_found_by_a_pointer_in_the_bios);
	tcase_add_test(roots, tables_are_found_by_a_pointer_in_the_ebda);
	tcase_add_test(roots, a_told_pointer_that_is_broken_is_looked_for);
	tcase_add_test(roots, a_root_pointer_with_a_wrong_sum_is_none);
	tcase_add_test(roots, a_broken_xsdt_leaves_the_rsdt);
	tcase_add_test(roots, the_xsdt_wins_over_the_rsdt);
	suite_add_tcase(suite, apics);
	tcase_add_test(apics, a_64_bit_address_of_the_local_apic_wins);
	tcase_add_test(apics, the_io_apic_with_the_first_interrupts_is_used);
	tcase_add_test(apics, an_address_that_no_apic_can_have_leaves_the_default);
	tcase_add_test(apics, an_override_of_an_irq_past_15_is_left_out);
	tcase_add_test(apics, an_entry_that_is_too_short_or_too_long_ends_the_madt);
	suite_add_tcase(suite, off);
	tcase_add_test(off, sleep_types_are_read_in_every_form);
	tcase_add_test(off, what_only_looks_like_s5_is_none);
	tcase_add_test(off, the_search_goes_on_behind_what_only_looks_like_s5);
	tcase_add_test(off, s5_may_be_in_another_definition_block);
	tcase_add_test(off, extended_fields_of_the_fadt_win_when_they_are_ports);
	tcase_add_test(off, a_port_past_65535_is_none);
	return tap_run(suite);
}
