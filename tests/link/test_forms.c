/* SPDX-License-Identifier: MIT */
/*
 * What each instruction form asks the linker for.  The answers are in the
 * names of the symbols of objects/forms.S, which were written by hand from
 * the instructions' encodings.
 */
#include <stdlib.h>
#include <string.h>

#include "link/relocation.h"
#include "linking.h"
#include "tap.h"

#define CALL (1u << RELOCATION_CALL_SLOT)
#define ADDRESS (1u << RELOCATION_ADDRESS_SLOT)
#define STUB (1u << RELOCATION_STUB)
#define WORD (1u << RELOCATION_WORD)
#define DIRECT (1u << RELOCATION_DIRECT)

static const char *forms_path;
static struct linking forms;

static void open_forms(void)
{
	ck_assert_int_eq(linking_open(&forms, forms_path), 0);
	ck_assert_int_eq(linking_layout(&forms, NULL), 0);
}

static void close_forms(void)
{
	linking_close(&forms);
}

static bool starts(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

typedef void visitor(void *context, const Elf64_Rela *rela, const struct relocation *relocation);

static void visit_relocations(visitor *visit, void *context)
{
	for (uint32_t i = 1; i < forms.elf.n_sections; i++) {
		const Elf64_Rela *relas;
		size_t count;

		if (forms.elf.sections[i].sh_type != SHT_RELA)
			continue;
		relas = elf_relas(&forms.elf, i, &count);
		for (size_t k = 0; k < count; k++) {
			struct relocation relocation;

			ck_assert_int_eq(relocation_read(&forms.object,
							 forms.elf.sections[i].sh_info, &relas[k],
							 &relocation, &forms.diag),
					 0);
			visit(context, &relas[k], &relocation);
		}
	}
}

/* ---- undefined symbols ------------------------------------------------------- */

struct uses {
	uint32_t symbol;
	unsigned int uses; /* of enum relocation_use */
};

static void note_use(void *context, const Elf64_Rela *rela, const struct relocation *relocation)
{
	struct uses *uses = context;

	if (ELF64_R_SYM(rela->r_info) == uses->symbol)
		uses->uses |= 1u << relocation->use;
}

/* Every undefined symbol whose name starts so; returns how many there were. */
static unsigned int expect_uses(const char *prefix, unsigned int expected, bool call_slot,
				bool address_slot, bool stub)
{
	unsigned int count = 0;

	for (uint32_t i = 1; i < forms.elf.n_symbols; i++) {
		const char *name = elf_symbol_name(&forms.elf, i);
		struct uses uses = { .symbol = i };

		if (elf_symbol_section(&forms.elf, i) != SHN_UNDEF || !starts(name, prefix))
			continue;
		visit_relocations(note_use, &uses);
		ck_assert_msg(uses.uses == expected, "%s: uses %x", name, uses.uses);
		ck_assert_msg((forms.symbols[i].call_slot != 0) == call_slot, "%s", name);
		ck_assert_msg((forms.symbols[i].address_slot != 0) == address_slot, "%s", name);
		ck_assert_msg((forms.symbols[i].stub != 0) == stub, "%s", name);
		count++;
	}
	return count;
}

START_TEST(a_got_use_by_call_or_jmp_takes_a_call_slot)
{
	ck_assert_uint_eq(expect_uses("call_", CALL, true, false, false), 4);
}
END_TEST

START_TEST(every_other_got_use_takes_an_address_slot)
{
	ck_assert_uint_eq(expect_uses("address_", ADDRESS, false, true, false), 18);
}
END_TEST

START_TEST(a_symbol_used_both_ways_has_both_slots)
{
	ck_assert_uint_eq(expect_uses("both_call_and_mov", CALL | ADDRESS, true, true, false), 1);
	ck_assert_uint_eq(expect_uses("both_jmp_and_push", CALL | ADDRESS, true, true, false), 1);
	ck_assert_uint_eq(expect_uses("both_call_and_word", CALL | WORD, true, false, false), 1);
}
END_TEST

START_TEST(a_foreign_branch_goes_through_a_stub)
{
	ck_assert_uint_eq(expect_uses("stub_", STUB, true, false, true), 6);
}
END_TEST

START_TEST(a_word_in_data_can_be_followed_and_one_in_code_cannot)
{
	ck_assert_uint_eq(expect_uses("word_", WORD, false, false, false), 2);
	ck_assert_uint_eq(expect_uses("direct_", DIRECT, false, false, false), 5);
	ck_assert_uint_eq(forms.object.n_words,
			  forms.elf.symbols[linking_symbol(&forms, "n_words")].st_value);
}
END_TEST

START_TEST(no_two_uses_share_a_slot_and_no_slot_is_without_a_use)
{
	uint8_t *used = calloc(forms.object.n_slots + 1, 1);
	uint32_t count = 0;

	for (uint32_t i = 1; i < forms.elf.n_symbols; i++) {
		const uint32_t slots[] = { forms.symbols[i].call_slot,
					   forms.symbols[i].address_slot };

		for (int k = 0; k < 2; k++) {
			ck_assert_uint_le(slots[k], forms.object.n_slots);
			ck_assert(slots[k] == 0 || !used[slots[k]]);
			used[slots[k]] = 1;
			count += slots[k] != 0;
		}
	}
	ck_assert_uint_eq(count, forms.object.n_slots);
	free(used);
}
END_TEST

/* ---- own functions ----------------------------------------------------------------- */

static void count_own(void *context, const Elf64_Rela *rela, const struct relocation *relocation)
{
	uint64_t *count = context;
	const Elf64_Sym *sym = &forms.elf.symbols[relocation->symbol];

	(void)rela;
	if (relocation->use != RELOCATION_OWN_ADDRESS)
		return;
	ck_assert_msg(starts(elf_symbol_name(&forms.elf, relocation->symbol), "taken_"), "%s",
		      elf_symbol_name(&forms.elf, relocation->symbol));
	ck_assert_uint_eq(ELF64_ST_TYPE(sym->st_info), STT_FUNC);
	ck_assert_int_eq(relocation->addend, relocation->type == R_X86_64_64 ? 0 : -4);
	++*count;
}

START_TEST(lea_of_a_functions_start_and_words_of_it_take_its_address)
{
	uint64_t count = 0;

	visit_relocations(count_own, &count);
	ck_assert_uint_eq(count,
			  forms.elf.symbols[linking_symbol(&forms, "own_addresses")].st_value);
	for (uint32_t i = 1; i < forms.elf.n_symbols; i++) {
		if (starts(elf_symbol_name(&forms.elf, i), "taken_"))
			ck_assert_msg(forms.symbols[i].flags & LINK_ADDRESSED, "%s",
				      elf_symbol_name(&forms.elf, i));
	}
}
END_TEST

START_TEST(branches_near_misses_and_tables_do_not_take_an_address)
{
	unsigned int count = 0;

	for (uint32_t i = 1; i < forms.elf.n_symbols; i++) {
		if (!starts(elf_symbol_name(&forms.elf, i), "raw_"))
			continue;
		ck_assert_msg(forms.symbols[i].flags == 0, "%s", elf_symbol_name(&forms.elf, i));
		count++;
	}
	ck_assert_uint_eq(count, 8);
}
END_TEST

START_TEST(an_own_address_becomes_what_the_caller_says_and_all_else_the_definition)
{
	static const struct linking_bases bases = {
		.base = { 0x200000000000, 0x200000100000, 0x200000200000, 0x200000300000 },
	};
	uint32_t taken = linking_symbol(&forms, "taken_global");
	uint32_t table = elf_find_section(&forms.elf, ".data.rel.ro.table");
	uint64_t word;

	linking_place(&forms, &bases);
	for (uint32_t i = 1; i < forms.elf.n_symbols; i++) {
		struct link_symbol *symbol = &forms.symbols[i];

		if (starts(elf_symbol_name(&forms.elf, i), "direct_immediate"))
			symbol->address = 0x1000;
		else if (elf_symbol_section(&forms.elf, i) == SHN_UNDEF)
			symbol->address = symbol->call = 0x200000080000;
		else if (starts(elf_symbol_name(&forms.elf, i), "taken_word"))
			symbol->address = 0x200000070000;
	}
	ck_assert_uint_eq(forms.symbols[taken].address, forms.symbols[taken].call);
	ck_assert_int_eq(linking_relocate(&forms), 0);
	ck_assert_uint_eq(forms.sections[table].pool, LINK_CONST);
	memcpy(&word, forms.object.image[LINK_CONST] + forms.sections[table].offset, 8);
	ck_assert_uint_eq(word, 0x200000070000);
}
END_TEST

START_TEST(of_two_names_for_one_place_the_global_one_is_the_function)
{
	uint32_t several = elf_find_section(&forms.elf, ".text.several");
	uint32_t global = linking_symbol(&forms, "taken_twice");

	ck_assert_uint_ne(global, 0);
	ck_assert_uint_eq(link_function_at(&forms.object, several,
					   forms.elf.symbols[global].st_value),
			  global);
	ck_assert_uint_eq(link_function_at(&forms.object, several, 1), 0);
	ck_assert_uint_eq(link_function_at(&forms.object, SHN_UNDEF, 0), 0);
	ck_assert_uint_eq(link_function_at(&forms.object, SHN_ABS, 0), 0);
	ck_assert_uint_eq(link_definition(&forms.object, "taken_twice"), global);
	ck_assert_uint_eq(link_definition(&forms.object, "taken_static"), 0);
	ck_assert_uint_eq(link_definition(&forms.object, "call_call"), 0);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("forms");
	TCase *tests = tcase_create("forms");

	if (argc != 2)
		return 2;
	forms_path = argv[1];
	tcase_add_checked_fixture(tests, open_forms, close_forms);
	tcase_add_test(tests, a_got_use_by_call_or_jmp_takes_a_call_slot);
	tcase_add_test(tests, every_other_got_use_takes_an_address_slot);
	tcase_add_test(tests, a_symbol_used_both_ways_has_both_slots);
	tcase_add_test(tests, a_foreign_branch_goes_through_a_stub);
	tcase_add_test(tests, a_word_in_data_can_be_followed_and_one_in_code_cannot);
	tcase_add_test(tests, no_two_uses_share_a_slot_and_no_slot_is_without_a_use);
	tcase_add_test(tests, lea_of_a_functions_start_and_words_of_it_take_its_address);
	tcase_add_test(tests, branches_near_misses_and_tables_do_not_take_an_address);
	tcase_add_test(tests,
		       an_own_address_becomes_what_the_caller_says_and_all_else_the_definition);
	tcase_add_test(tests, of_two_names_for_one_place_the_global_one_is_the_function);
	suite_add_tcase(suite, tests);
	return tap_run(suite);
}
