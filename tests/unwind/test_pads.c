/* SPDX-License-Identifier: MIT */
/*
 * At every address of functions compiled as cells are, src/unwind chooses the
 * landing pad that libgcc's personality routine for C chooses.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "module.h"
#include "subjects.h"
#include "tap.h"
#include "witness.h"

void _Unwind_Resume(struct _Unwind_Exception *exception)
{
	(void)exception;
	abort();
}

void token_cleanup(token *place)
{
	place->word = 0;
}

void subject_stop(void)
{
}

static struct module modules[MODULES_MAX];

/*
 * The LSDA of an FDE as gcc writes them on x86-64: CIE augmentation "zPLR"
 * with encodings 0x9b 0x1b 0x1b, or "zR".
 */
static uint64_t oracle_lsda(uint64_t fde)
{
	const uint8_t *at = (const uint8_t *)fde, *letters;
	int32_t cie, lsda;

	memcpy(&cie, at + 4, 4);
	letters = at + 4 - cie + 9;
	if (strcmp((const char *)letters, "zPLR") != 0)
		return 0;
	/* length, CIE, start, size (4 bytes each), augmentation length (1): then the pointer */
	memcpy(&lsda, at + 17, 4);
	return lsda ? fde + 17 + (uint64_t)(int64_t)lsda : 0;
}

/* How many addresses of the function have a landing pad. */
static int compare_function(const struct unwind_entry *entry, uint64_t lsda)
{
	struct witness_function function = { .start = entry->start, .lsda = lsda };
	int pads = 0;

	for (uint64_t i = 0; i < entry->size; i++) {
		struct unwind_cursor cursor = { .exact = true };
		uint64_t expected = witness_libgcc_pad(&function, entry->start + i, true), pad = 1;

		cursor.registers[UNWIND_RIP] = entry->start + i;
		ck_assert_int_eq(unwind_landing_pad(&cursor, entry, &pad), 0);
		ck_assert_uint_eq(pad, expected);
		cursor.exact = false;
		cursor.registers[UNWIND_RIP]++;
		expected = witness_libgcc_pad(&function, entry->start + i + 1, false);
		ck_assert_int_eq(unwind_landing_pad(&cursor, entry, &pad), 0);
		ck_assert_uint_eq(pad, expected);
		pads += pad != 0;
	}
	return pads;
}

START_TEST(every_address_of_every_function_has_the_pad_that_libgcc_chooses)
{
	int functions = 0, addresses = 0, without = 0;

	for (size_t i = 0; i < modules[0].n_entries; i++) {
		const struct unwind_entry *entry = &modules[0].entries[i];
		uint64_t lsda = oracle_lsda(entry->fde);
		struct unwind_cursor cursor = { .exact = true };
		uint64_t pad = 1;
		int pads;

		cursor.registers[UNWIND_RIP] = entry->start;
		if (lsda == 0) {
			ck_assert_int_eq(unwind_landing_pad(&cursor, entry, &pad), 0);
			ck_assert_uint_eq(pad, 0);
			without++;
			continue;
		}
		pads = compare_function(entry, lsda);
		functions++;
		addresses += pads;
	}
	/* subjects.c has twelve functions with cleanups, most of them in two parts. */
	ck_assert_int_ge(functions, 12);
	ck_assert_int_ge(addresses, 100);
	ck_assert_int_ge(without, 12);
}
END_TEST

START_TEST(the_call_sites_of_real_functions_pass_the_check)
{
	const struct module *module = &modules[0];
	struct diag diag = { .offset = 0 };

	ck_assert_int_eq(unwind_check_lsdas((const void *)module->low, module->high - module->low,
					    module->low, module->entries, module->n_entries, &diag),
			 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pads");
	TCase *pads = tcase_create("pads");

	modules_load(modules);
	tcase_add_test(pads, every_address_of_every_function_has_the_pad_that_libgcc_chooses);
	tcase_add_test(pads, the_call_sites_of_real_functions_pass_the_check);
	suite_add_tcase(suite, pads);
	return tap_run(suite);
}
