/* SPDX-License-Identifier: MIT */
/*
 * Where sections go and what is refused: every limit on both sides.  The
 * object is opened as the compiler made it; then a field is changed in place,
 * behind the reader's back.
 */
#include <stdlib.h>
#include <string.h>

#include "linking.h"
#include "tap.h"

#define GIB (1ull << 30)

static const char *subject_path, *ranges_path;
static struct linking subject;

static void open_subject(void)
{
	ck_assert_int_eq(linking_open(&subject, subject_path), 0);
}

static void open_ranges(void)
{
	ck_assert_int_eq(linking_open(&subject, ranges_path), 0);
}

static void close_subject(void)
{
	linking_close(&subject);
}

static Elf64_Shdr *section(const char *name)
{
	uint32_t number = elf_find_section(&subject.elf, name);

	ck_assert_msg(number != 0, "%s", name);
	return (Elf64_Shdr *)&subject.elf.sections[number];
}

static Elf64_Sym *symbol(const char *name)
{
	uint32_t number = linking_symbol(&subject, name);

	ck_assert_msg(number != 0, "%s", name);
	return (Elf64_Sym *)&subject.elf.symbols[number];
}

static Elf64_Rela *first_rela(const char *name)
{
	size_t count;
	Elf64_Rela *relas =
		(Elf64_Rela *)elf_relas(&subject.elf, elf_find_section(&subject.elf, name), &count);

	ck_assert_uint_gt(count, 0);
	return relas;
}

static void expect_diag(int r, const char *what, const char *where, const char *of)
{
	ck_assert_int_eq(r, -ENOEXEC);
	ck_assert_str_eq(subject.diag.cell, "object.o");
	ck_assert_str_eq(subject.diag.what, what);
	ck_assert_str_eq(subject.diag.section, where);
	ck_assert_str_eq(subject.diag.symbol, of);
}

/* Refused, and nothing is handed out. */
static void expect_refusal(const char *what, const char *where, const char *of)
{
	static const struct link_object untouched;
	int r = linking_layout(&subject, NULL);

	expect_diag(r, what, where, of);
	ck_assert_mem_eq(&subject.object, &untouched, sizeof(untouched));
}

static void expect_layout(void)
{
	ck_assert_int_eq(linking_layout(&subject, NULL), 0);
}

/* ---- sections --------------------------------------------------------------------- */

START_TEST(each_kind_of_section_goes_to_its_pool)
{
	static const struct {
		const char *name;
		enum link_pool pool;
	} expected[] = {
		{ ".text.subject_function", LINK_TEXT },
		{ ".text.subject_other", LINK_TEXT },
		{ ".rodata.subject_constant", LINK_CONST },
		{ ".data.subject_data", LINK_DATA },
		{ ".bss.subject_zeroes", LINK_DATA },
		{ ".data.subject_state", LINK_STATE },
		{ ".eh_frame", LINK_CONST },
		{ ".comment", LINK_UNPLACED },
		{ ".symtab", LINK_UNPLACED },
	};

	ck_assert_int_eq(linking_layout(&subject, "subject_state"), 0);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		uint32_t number = elf_find_section(&subject.elf, expected[i].name);

		ck_assert_msg(number != 0, "%s", expected[i].name);
		ck_assert_msg(subject.sections[number].pool == expected[i].pool, "%s",
			      expected[i].name);
	}
	ck_assert_uint_eq(subject.object.size[LINK_STATE], 32);
}
END_TEST

START_TEST(no_two_sections_overlap_and_each_is_aligned)
{
	expect_layout();
	for (uint32_t i = 1; i < subject.elf.n_sections; i++) {
		const struct link_section *a = &subject.sections[i];
		const Elf64_Shdr *shdr = &subject.elf.sections[i];

		if (a->pool == LINK_UNPLACED)
			continue;
		if (shdr->sh_addralign)
			ck_assert_uint_eq(a->offset % shdr->sh_addralign, 0);
		ck_assert_uint_le(a->offset + shdr->sh_size, subject.object.size[a->pool]);
		for (uint32_t k = 1; k < i; k++) {
			const struct link_section *b = &subject.sections[k];

			ck_assert(b->pool != a->pool ||
				  b->offset + subject.elf.sections[k].sh_size <= a->offset ||
				  a->offset + shdr->sh_size <= b->offset);
		}
	}
}
END_TEST

START_TEST(writable_code_is_refused)
{
	section(".text.subject_function")->sh_flags |= SHF_WRITE;
	expect_refusal("section is writable and executable", ".text.subject_function", "");
}
END_TEST

START_TEST(thread_local_storage_is_refused)
{
	section(".data.subject_data")->sh_flags |= SHF_TLS;
	expect_refusal("thread-local storage", ".data.subject_data", "");
}
END_TEST

START_TEST(arrays_of_initialisers_are_refused_by_type)
{
	static const uint32_t types[] = { SHT_INIT_ARRAY, SHT_FINI_ARRAY, SHT_PREINIT_ARRAY };

	section(".data.subject_data")->sh_type = types[_i];
	expect_refusal("initialiser arrays are not run", ".data.subject_data", "");
}
END_TEST

START_TEST(sections_of_initialisers_are_refused_by_name)
{
	static const char *const names[] = { ".ctors", ".dtors", ".ctors.65535", ".init", ".fini" };
	/* Over the name of a section that is long enough. */
	Elf64_Shdr *shdr = section(".text.subject_function");

	strcpy((char *)elf_section_name(&subject.elf,
					elf_find_section(&subject.elf, ".text.subject_function")),
	       names[_i]);
	ck_assert_uint_ne(shdr->sh_name, 0);
	expect_refusal("initialiser arrays are not run", names[_i], "");
}
END_TEST

START_TEST(an_alignment_of_64_is_kept_and_one_of_128_refused)
{
	section(".data.subject_data")->sh_addralign = 64;
	expect_layout();
	ck_assert_uint_eq(
		subject.sections[elf_find_section(&subject.elf, ".data.subject_data")].offset % 64,
		0);
	close_subject();
	open_subject();
	section(".data.subject_data")->sh_addralign = 128;
	expect_refusal("alignment too large", ".data.subject_data", "");
}
END_TEST

START_TEST(a_section_of_1_gib_is_taken_when_alone_and_a_larger_one_refused)
{
	/* The other data, which comes behind it, has no room left. */
	section(".bss.subject_zeroes")->sh_size = GIB;
	expect_refusal("object too large", ".data.subject_data", "");
	close_subject();
	open_subject();
	section(".bss.subject_zeroes")->sh_size = GIB + 1;
	expect_refusal("section too large", ".bss.subject_zeroes", "");
	close_subject();
	open_subject();
	symbol("subject_zeroes")->st_size = 0;
	section(".bss.subject_zeroes")->sh_size = GIB - 1024;
	expect_layout();
	ck_assert_uint_gt(subject.object.size[LINK_DATA], GIB - 1024);
}
END_TEST

START_TEST(tables_past_1_gib_of_constants_are_refused)
{
	section(".rodata.subject_constant")->sh_size = GIB;
	expect_refusal("object too large", ".eh_frame", "");
}
END_TEST

/* ---- COMMON ------------------------------------------------------------------------- */

START_TEST(common_symbols_are_placed_apart_and_aligned)
{
	const struct linking_bases bases = { .base = { 0x10000, 0x20000, 0x30000, 0x40000 } };
	uint32_t first, second;
	uint64_t apart;

	expect_layout();
	first = linking_symbol(&subject, "subject_common");
	second = linking_symbol(&subject, "subject_second_common");
	ck_assert_uint_eq(elf_symbol_section(&subject.elf, first), SHN_COMMON);
	ck_assert_uint_eq(elf_symbol_section(&subject.elf, second), SHN_COMMON);
	linking_place(&subject, &bases);
	first = (uint32_t)subject.symbols[first].address;
	second = (uint32_t)subject.symbols[second].address;
	apart = first < second ? second - first : first - second;
	ck_assert_uint_ge(apart, first < second ? sizeof(int) : sizeof(long));
	ck_assert_uint_eq(second % sizeof(long), 0);
	ck_assert_uint_ge(first, 0x30000);
	ck_assert_uint_le(second + sizeof(long), 0x30000 + subject.object.size[LINK_DATA]);
}
END_TEST

START_TEST(a_common_alignment_of_64_is_kept_and_one_of_128_refused)
{
	symbol("subject_common")->st_value = 64;
	expect_layout();
	close_subject();
	open_subject();
	symbol("subject_common")->st_value = 128;
	expect_refusal("alignment too large", "", "subject_common");
}
END_TEST

START_TEST(common_symbols_past_1_gib_are_refused)
{
	symbol("subject_common")->st_size = GIB;
	expect_refusal("object too large", "", "subject_common");
	close_subject();
	open_subject();
	symbol("subject_common")->st_size = GIB - 4096;
	expect_layout();
}
END_TEST

/* ---- symbols ---------------------------------------------------------------------------- */

START_TEST(two_definitions_of_one_name_are_refused)
{
	symbol("subject_other")->st_name = symbol("subject_function")->st_name;
	expect_diag(linking_layout(&subject, NULL), "symbol is defined twice", "",
		    "subject_function");
}
END_TEST

START_TEST(a_definition_and_a_common_symbol_of_one_name_are_refused)
{
	symbol("subject_common")->st_name = symbol("subject_data")->st_name;
	expect_diag(linking_layout(&subject, NULL), "symbol is defined twice", "", "subject_data");
}
END_TEST

START_TEST(thread_local_and_indirect_functions_are_refused)
{
	Elf64_Sym *sym = symbol("subject_other");

	sym->st_info = STB_GLOBAL << 4 | STT_TLS;
	expect_refusal("symbol type cannot be linked", "", "subject_other");
	ck_assert_str_eq(subject.diag.found, "STT_TLS");
	close_subject();
	open_subject();
	symbol("subject_other")->st_info = STB_GLOBAL << 4 | STT_GNU_IFUNC;
	expect_refusal("symbol type cannot be linked", "", "subject_other");
	ck_assert_str_eq(subject.diag.found, "STT_GNU_IFUNC");
}
END_TEST

START_TEST(a_state_that_is_not_there_is_refused)
{
	expect_diag(linking_layout(&subject, "no_such_state"), "state symbol is not defined", "",
		    "");
}
END_TEST

START_TEST(a_state_that_cannot_be_written_is_refused)
{
	static const uint64_t flags[] = { SHF_ALLOC, SHF_WRITE, SHF_ALLOC | SHF_EXECINSTR, 0 };

	section(".data.subject_state")->sh_flags = flags[_i];
	expect_diag(linking_layout(&subject, "subject_state"), "the state is not writable data",
		    ".data.subject_state", "subject_state");
}
END_TEST

START_TEST(a_state_that_shares_its_section_is_refused)
{
	symbol("subject_state")->st_value = 8;
	expect_diag(linking_layout(&subject, "subject_state"), "the state shares its section",
		    ".data.subject_state", "subject_state");
	close_subject();
	open_subject();
	symbol("subject_state")->st_size = 24;
	expect_diag(linking_layout(&subject, "subject_state"), "the state shares its section",
		    ".data.subject_state", "subject_state");
}
END_TEST

/* ---- relocations --------------------------------------------------------------------------- */

/* psABI, table of relocation types: those that an object of ours may have. */
static bool is_known(uint32_t type)
{
	return type <= R_X86_64_PC32 || type == R_X86_64_PLT32 || type == R_X86_64_GOTPCREL ||
	       type == R_X86_64_32 || type == R_X86_64_32S || type == R_X86_64_PC64 ||
	       type == R_X86_64_GOTPCRELX || type == R_X86_64_REX_GOTPCRELX;
}

START_TEST(every_relocation_type_but_those_of_the_rules_is_refused)
{
	Elf64_Rela *rela = first_rela(".rela.text.subject_function");
	uint32_t number = ELF64_R_SYM(rela->r_info);

	rela->r_info = (uint64_t)number << 32 | (uint32_t)_i;
	if (is_known((uint32_t)_i)) {
		expect_layout();
		return;
	}
	expect_diag(linking_layout(&subject, NULL), "unknown relocation", ".text.subject_function",
		    elf_symbol_name(&subject.elf, number));
	ck_assert_uint_eq(subject.diag.offset, rela->r_offset);
}
END_TEST

START_TEST(code_that_refers_to_what_is_not_loaded_is_refused)
{
	const struct linking_bases bases = { .base = { 0x10000, 0x20000, 0x30000, 0x40000 } };

	section(".rodata.subject_constant")->sh_flags = 0;
	expect_layout();
	linking_place(&subject, &bases);
	expect_diag(linking_relocate(&subject), "relocation against a section that is not loaded",
		    ".text.subject_other", "subject_constant");
}
END_TEST

static int relocate_with(const char *name, uint64_t address)
{
	const struct linking_bases bases = {
		.base = { 0x200000000000, 0x200000100000, 0x200000200000, 0x200000300000 },
	};
	uint32_t number;

	close_subject();
	open_ranges();
	expect_layout();
	linking_place(&subject, &bases);
	for (uint32_t i = 1; i < subject.elf.n_symbols; i++) {
		const char *target = elf_symbol_name(&subject.elf, i);

		if (elf_symbol_section(&subject.elf, i) == SHN_UNDEF)
			subject.symbols[i].address =
				strcmp(target, "target_32") == 0 ||
						strcmp(target, "target_32s") == 0
					? 0
					: bases.base[LINK_CONST];
	}
	number = linking_symbol(&subject, name);
	ck_assert_uint_ne(number, 0);
	subject.symbols[number].address = address;
	return linking_relocate(&subject);
}

static uint64_t field(const char *name, size_t size)
{
	uint32_t number = linking_symbol(&subject, name);
	const struct link_section *placed =
		&subject.sections[elf_symbol_section(&subject.elf, number)];
	uint64_t value = 0;

	memcpy(&value,
	       subject.object.image[placed->pool] + placed->offset +
		       subject.elf.symbols[number].st_value,
	       size);
	return value;
}

START_TEST(an_absolute_32_bit_field_holds_all_unsigned_values_and_no_more)
{
	ck_assert_int_eq(relocate_with("target_32", 0xffffffff), 0);
	ck_assert_uint_eq(field("field_32", 4), 0xffffffff);
	expect_diag(relocate_with("target_32", 0x100000000), "relocation out of range",
		    ".rodata.ranges", "target_32");
	ck_assert_str_eq(subject.diag.expected, "an unsigned 32-bit value");
	expect_diag(relocate_with("target_32", UINT64_MAX), "relocation out of range",
		    ".rodata.ranges", "target_32");
}
END_TEST

START_TEST(a_sign_extended_32_bit_field_holds_all_signed_values_and_no_more)
{
	ck_assert_int_eq(relocate_with("target_32s", 0x7fffffff), 0);
	ck_assert_uint_eq(field("field_32s", 4), 0x7fffffff);
	ck_assert_int_eq(relocate_with("target_32s", 0xffffffff80000000), 0);
	ck_assert_uint_eq(field("field_32s", 4), 0x80000000);
	expect_diag(relocate_with("target_32s", 0x80000000), "relocation out of range",
		    ".text.ranges", "target_32s");
	ck_assert_str_eq(subject.diag.expected, "a signed 32-bit value");
	expect_diag(relocate_with("target_32s", 0xffffffff7fffffff), "relocation out of range",
		    ".text.ranges", "target_32s");
}
END_TEST

START_TEST(a_relative_32_bit_field_reaches_2_gib_either_way_and_no_further)
{
	const uint64_t place = 0x200000100000 + 4; /* the second field of the constants */

	ck_assert_int_eq(relocate_with("target_pc32", place + 0x7fffffff), 0);
	ck_assert_uint_eq(field("field_pc32", 4), 0x7fffffff);
	ck_assert_int_eq(relocate_with("target_pc32", place - 0x80000000), 0);
	ck_assert_uint_eq(field("field_pc32", 4), 0x80000000);
	expect_diag(relocate_with("target_pc32", place + 0x80000000), "relocation out of range",
		    ".rodata.ranges", "target_pc32");
	ck_assert_str_eq(subject.diag.found, "0x80000000");
	ck_assert_uint_eq(subject.diag.offset, 4);
	expect_diag(relocate_with("target_pc32", place - 0x80000001), "relocation out of range",
		    ".rodata.ranges", "target_pc32");
}
END_TEST

START_TEST(words_of_64_bits_hold_everything)
{
	ck_assert_int_eq(relocate_with("target_pc64", 0), 0);
	ck_assert_uint_eq(field("field_pc64", 8), 0 - (0x200000100000 + 8ull));
	ck_assert_int_eq(relocate_with("target_64", UINT64_MAX), 0);
	ck_assert_uint_eq(field("field_64", 8), UINT64_MAX);
	ck_assert_uint_eq(subject.object.n_words, 1);
	ck_assert_uint_eq(subject.words[0].va, 0x200000100000 + 16);
	ck_assert_uint_eq(subject.words[0].symbol, linking_symbol(&subject, "target_64"));
}
END_TEST

/* Built with a sanitizer, this is where a signed sum would overflow. */
START_TEST(any_addend_is_arithmetic_modulo_2_to_the_64)
{
	static const int64_t addends[] = { INT64_MAX, INT64_MIN, -4, -1, 0, INT64_MAX - 3 };
	const struct linking_bases bases = {
		.base = { 0x200000000000, 0x200000100000, 0x200000200000, 0x200000300000 },
	};
	Elf64_Rela *relas;
	size_t count, last;

	close_subject();
	open_ranges();
	relas = (Elf64_Rela *)elf_relas(
		&subject.elf, elf_find_section(&subject.elf, ".rela.text.ranges"), &count);
	last = relas[0].r_offset > relas[1].r_offset ? 0 : 1;
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(ELF64_R_TYPE(relas[last].r_info), R_X86_64_PC32);
	relas[last].r_addend = addends[_i];
	expect_layout();
	linking_place(&subject, &bases);
	for (uint32_t i = 1; i < subject.elf.n_symbols; i++) {
		if (elf_symbol_section(&subject.elf, i) == SHN_UNDEF)
			subject.symbols[i].address = 0;
	}
	(void)linking_relocate(&subject);
}
END_TEST

static TCase *make_tests(void)
{
	TCase *tests = tcase_create("layout");

	tcase_add_checked_fixture(tests, open_subject, close_subject);
	tcase_add_test(tests, each_kind_of_section_goes_to_its_pool);
	tcase_add_test(tests, no_two_sections_overlap_and_each_is_aligned);
	tcase_add_test(tests, writable_code_is_refused);
	tcase_add_test(tests, thread_local_storage_is_refused);
	tcase_add_loop_test(tests, arrays_of_initialisers_are_refused_by_type, 0, 3);
	tcase_add_loop_test(tests, sections_of_initialisers_are_refused_by_name, 0, 5);
	tcase_add_test(tests, an_alignment_of_64_is_kept_and_one_of_128_refused);
	tcase_add_test(tests, a_section_of_1_gib_is_taken_when_alone_and_a_larger_one_refused);
	tcase_add_test(tests, tables_past_1_gib_of_constants_are_refused);
	tcase_add_test(tests, common_symbols_are_placed_apart_and_aligned);
	tcase_add_test(tests, a_common_alignment_of_64_is_kept_and_one_of_128_refused);
	tcase_add_test(tests, common_symbols_past_1_gib_are_refused);
	tcase_add_test(tests, two_definitions_of_one_name_are_refused);
	tcase_add_test(tests, a_definition_and_a_common_symbol_of_one_name_are_refused);
	tcase_add_test(tests, thread_local_and_indirect_functions_are_refused);
	tcase_add_test(tests, a_state_that_is_not_there_is_refused);
	tcase_add_loop_test(tests, a_state_that_cannot_be_written_is_refused, 0, 4);
	tcase_add_test(tests, a_state_that_shares_its_section_is_refused);
	tcase_add_loop_test(tests, every_relocation_type_but_those_of_the_rules_is_refused, 0, 64);
	tcase_add_test(tests, code_that_refers_to_what_is_not_loaded_is_refused);
	tcase_add_test(tests, an_absolute_32_bit_field_holds_all_unsigned_values_and_no_more);
	tcase_add_test(tests, a_sign_extended_32_bit_field_holds_all_signed_values_and_no_more);
	tcase_add_test(tests, a_relative_32_bit_field_reaches_2_gib_either_way_and_no_further);
	tcase_add_test(tests, words_of_64_bits_hold_everything);
	tcase_add_loop_test(tests, any_addend_is_arithmetic_modulo_2_to_the_64, 0, 6);
	return tests;
}

int main(int argc, char **argv)
{
	Suite *suite = suite_create("layout");

	if (argc != 3)
		return 2;
	subject_path = argv[1];
	ranges_path = argv[2];
	suite_add_tcase(suite, make_tests());
	return tap_run(suite);
}
