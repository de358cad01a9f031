/* SPDX-License-Identifier: MIT */
/*
 * The reader and libelf agree on real objects: every section, every symbol,
 * every relocation.
 *
 * usage: test_agreement OBJECT... | ARCHIVE.a
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/elf.h"
#include "file.h"
#include "oracle.h"
#include "tap.h"

static char **paths;
static int n_paths;

static void compare_section(const struct elf *elf, const struct oracle *oracle, uint32_t i)
{
	const Elf64_Shdr *shdr = &elf->sections[i];
	const void *bytes = elf_section_data(elf, i);
	struct oracle_section expected;

	ck_assert_int_eq(oracle_section(oracle, i, &expected), 0);
	ck_assert_str_eq(elf_section_name(elf, i), expected.name);
	ck_assert_uint_eq(shdr->sh_type, expected.type);
	ck_assert_uint_eq(shdr->sh_flags, expected.flags);
	ck_assert_uint_eq(shdr->sh_offset, expected.offset);
	ck_assert_uint_eq(shdr->sh_size, expected.size);
	ck_assert_uint_eq(shdr->sh_link, expected.link);
	ck_assert_uint_eq(shdr->sh_info, expected.info);
	ck_assert_uint_eq(shdr->sh_addralign, expected.alignment);
	ck_assert_uint_eq(shdr->sh_entsize, expected.entry_size);
	if (shdr->sh_type == SHT_NOBITS || shdr->sh_type == SHT_NULL)
		ck_assert_ptr_null(bytes);
	else if (shdr->sh_size > 0)
		ck_assert_mem_eq(bytes, expected.bytes, shdr->sh_size);
	if (i > 0)
		ck_assert_str_eq(elf_section_name(elf, elf_find_section(elf, expected.name)),
				 expected.name);
}

static void compare_relas(const struct elf *elf, const struct oracle *oracle, uint32_t section)
{
	struct oracle_rela expected;
	size_t count;
	const Elf64_Rela *relas = elf_relas(elf, section, &count);

	ck_assert_uint_eq(count, oracle_n_relas(oracle, section));
	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(oracle_rela(oracle, section, i, &expected), 0);
		ck_assert_uint_eq(relas[i].r_offset, expected.offset);
		ck_assert_uint_eq(ELF64_R_TYPE(relas[i].r_info), expected.type);
		ck_assert_uint_eq(ELF64_R_SYM(relas[i].r_info), expected.symbol);
		ck_assert_int_eq(relas[i].r_addend, expected.addend);
	}
}

static void compare_symbol(const struct elf *elf, const struct oracle *oracle, uint32_t i)
{
	const Elf64_Sym *sym = &elf->symbols[i];
	struct oracle_symbol expected;

	ck_assert_int_eq(oracle_symbol(oracle, i, &expected), 0);
	ck_assert_str_eq(elf_symbol_name(elf, i), expected.name);
	ck_assert_uint_eq(sym->st_info, expected.info);
	ck_assert_uint_eq(sym->st_other, expected.other);
	ck_assert_uint_eq(elf_symbol_section(elf, i), expected.section);
	ck_assert_uint_eq(sym->st_value, expected.value);
	ck_assert_uint_eq(sym->st_size, expected.size);
}

static void compare(const char *name, const void *bytes, size_t size)
{
	struct oracle *oracle = oracle_open(bytes, size);
	struct diag diag;
	struct elf elf;
	int r = elf_open(&elf, name, bytes, size, &diag);

	ck_assert_msg(r == 0, "%s: %s %s: %s, expected %s, found %s", name, diag.section,
		      diag.symbol, diag.what, diag.expected, diag.found);
	ck_assert_ptr_nonnull(oracle);
	ck_assert_uint_eq(elf.n_sections, oracle_n_sections(oracle));
	ck_assert_uint_eq(elf.symtab, oracle_symtab(oracle));
	ck_assert_uint_eq(elf.n_symbols, oracle_n_symbols(oracle));
	for (uint32_t i = 0; i < elf.n_sections; i++) {
		compare_section(&elf, oracle, i);
		if (elf.sections[i].sh_type == SHT_RELA)
			compare_relas(&elf, oracle, i);
	}
	for (uint32_t i = 0; i < elf.n_symbols; i++)
		compare_symbol(&elf, oracle, i);
	oracle_close(oracle);
}

START_TEST(reader_and_libelf_agree_on_an_object)
{
	size_t size;
	unsigned char *bytes = file_read(paths[_i], &size);

	ck_assert_msg(bytes != NULL, "%s cannot be read", paths[_i]);
	compare(paths[_i], bytes, size);
	free(bytes);
}
END_TEST

START_TEST(reader_and_libelf_agree_on_an_archives_members)
{
	ck_assert_int_gt(oracle_archive(paths[_i], compare), 0);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("agreement");
	TCase *tcase = tcase_create("agreement");

	paths = argv + 1;
	n_paths = argc - 1;
	if (n_paths < 1)
		return 2;
	if (strcmp(paths[0] + strlen(paths[0]) - 2, ".a") == 0) {
		if (access(paths[0], R_OK) != 0) {
			printf("1..0 # SKIP %s is not installed\n", paths[0]);
			return 0;
		}
		tcase_add_loop_test(tcase, reader_and_libelf_agree_on_an_archives_members, 0,
				    n_paths);
	} else {
		tcase_add_loop_test(tcase, reader_and_libelf_agree_on_an_object, 0, n_paths);
	}
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return tap_run(suite);
}
