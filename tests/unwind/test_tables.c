/* SPDX-License-Identifier: MIT */
/*
 * The tables of everything loaded into this process (C library included):
 * the index is ld's own search table, and every row gives the caller that
 * libdw's reading of the same table gives.
 */
#define _GNU_SOURCE
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libdw_row.h"
#include "module.h"
#include "tap.h"

#define STACK_WORDS (1 << 20)

static struct module modules[MODULES_MAX];
static int n_modules;
static uint64_t words[STACK_WORDS];
static struct unwind_stack stack;

static int32_t read_s32(const uint8_t *at)
{
	int32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* An FDE's code size, when its CIE says sdata4 as gcc's and the C library's do. */
static uint32_t fde_size(const uint8_t *fde)
{
	return (uint32_t)read_s32(fde + 12);
}

/* LSB 5 section 10.6.2: encodings 0x1b 0x03 0x3b, then pairs relative to the header. */
static void compare_with_hdr(const struct module *module)
{
	const uint8_t *hdr = module->eh_frame_hdr, *row = hdr + 12;
	uint32_t count = (uint32_t)read_s32(hdr + 8);
	size_t n = 0;

	ck_assert_int_eq(hdr[2], 0x03);
	ck_assert_int_eq(hdr[3], 0x3b);
	for (uint32_t i = 0; i < count; i++, row += 8) {
		const uint8_t *fde = hdr + read_s32(row + 4);

		if (fde_size(fde) == 0)
			continue;
		ck_assert_uint_lt(n, module->n_entries);
		ck_assert_uint_eq(module->entries[n].start, (uintptr_t)(hdr + read_s32(row)));
		ck_assert_uint_eq(module->entries[n].fde, (uintptr_t)fde);
		ck_assert_uint_eq(module->entries[n].size, fde_size(fde));
		n++;
	}
	ck_assert_uint_eq(n, module->n_entries);
}

START_TEST(the_index_of_every_module_is_the_search_table_of_ld)
{
	size_t total = 0;

	for (int i = 0; i < n_modules; i++) {
		compare_with_hdr(&modules[i]);
		total += modules[i].n_entries;
	}
	ck_assert_int_ge(n_modules, 4);
	ck_assert_uint_ge(total, 3000);
}
END_TEST

START_TEST(every_address_finds_its_entry_and_its_neighbours_do_not)
{
	const struct module *module = &modules[0];

	for (size_t i = 0; i < module->n_entries; i++) {
		const struct unwind_entry *e = &module->entries[i];
		size_t n = module->n_entries;

		ck_assert_ptr_eq(unwind_find(module->entries, n, e->start), e);
		ck_assert_ptr_eq(unwind_find(module->entries, n, e->start + e->size - 1), e);
		ck_assert_ptr_ne(unwind_find(module->entries, n, e->start - 1), e);
		ck_assert_ptr_ne(unwind_find(module->entries, n, e->start + e->size), e);
	}
	ck_assert_ptr_null(unwind_find(module->entries, module->n_entries, 0));
	ck_assert_ptr_null(unwind_find(module->entries, module->n_entries, UINT64_MAX));
	ck_assert_ptr_null(unwind_find(module->entries, 0, module->entries[0].start));
}
END_TEST

/* Check writes to a file at every assertion; there are millions of these. */
#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			ck_abort_msg("%s", #condition); \
	} while (0)

/* Registers that point into the fake stack, each somewhere else. */
static struct unwind_cursor fake_cursor(uint64_t pc)
{
	struct unwind_cursor cursor = { .exact = true };

	for (int i = 0; i < UNWIND_REGISTERS; i++)
		cursor.registers[i] = stack.low + (1 << 17) + 4096ul * (unsigned int)i;
	cursor.registers[UNWIND_RSP] = stack.low + (1 << 16);
	cursor.registers[UNWIND_RIP] = pc;
	return cursor;
}

static const int compared[] = { UNWIND_RBX, UNWIND_RBP, UNWIND_R12, UNWIND_R13,
				UNWIND_R14, UNWIND_R15, UNWIND_RIP };

static void compare_row(Dwarf_Frame *frame, const struct unwind_entry *entry, uint64_t pc)
{
	struct unwind_cursor cursor = fake_cursor(pc), before = cursor;
	struct libdw_state state = { before.registers, &stack };
	int r = unwind_step(&cursor, entry, &stack);
	uint64_t cfa = 0, value = 0;

	REQUIRE(libdw_cfa(frame, &state, &cfa) == LIBDW_KNOWN);
	if (libdw_register(frame, UNWIND_RIP, &state, cfa, &value) == LIBDW_UNDEFINED) {
		REQUIRE(r == UNWIND_E_END);
		return;
	}
	REQUIRE(r == 0);
	REQUIRE(cursor.cfa == cfa);
	for (size_t i = 0; i < sizeof(compared) / sizeof(compared[0]); i++) {
		int reg = compared[i];

		switch (libdw_register(frame, reg, &state, cfa, &value)) {
		case LIBDW_KNOWN:
			REQUIRE(cursor.registers[reg] == value);
			break;
		case LIBDW_SAME:
			REQUIRE(cursor.registers[reg] == before.registers[reg]);
			break;
		case LIBDW_FAILED:
			ck_abort_msg("an operation that is not known to the test");
		case LIBDW_UNDEFINED:
			break;
		}
	}
}

/* Every row of the entry: at its first address and at its last. */
static int compare_entry(Dwarf_CFI *cfi, const struct module *module,
			 const struct unwind_entry *entry)
{
	uint64_t pc = entry->start, end = entry->start + entry->size;
	int rows = 0;

	while (pc < end) {
		Dwarf_Frame *frame;
		Dwarf_Addr from, to;
		bool signal;

		REQUIRE(dwarf_cfi_addrframe(cfi, pc - module->bias, &frame) == 0);
		REQUIRE(dwarf_frame_info(frame, &from, &to, &signal) == UNWIND_RIP);
		REQUIRE(signal == unwind_is_signal_frame(entry));
		REQUIRE(to + module->bias > pc);
		compare_row(frame, entry, pc);
		pc = to + module->bias < end ? to + module->bias : end;
		compare_row(frame, entry, pc - 1);
		free(frame);
		rows++;
	}
	return rows;
}

static int compare_module(const struct module *module)
{
	int fd = open(module->path[0] ? module->path : "/proc/self/exe", O_RDONLY), rows = 0;
	Elf *elf;
	Dwarf_CFI *cfi;

	ck_assert_int_ge(fd, 0);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	cfi = dwarf_getcfi_elf(elf);
	ck_assert_ptr_nonnull(cfi);
	for (size_t i = 0; i < module->n_entries; i++)
		rows += compare_entry(cfi, module, &module->entries[i]);
	dwarf_cfi_end(cfi);
	elf_end(elf);
	close(fd);
	return rows;
}

START_TEST(every_row_of_every_module_steps_as_libdw_says)
{
	int rows = 0;

	for (int i = 0; i < n_modules; i++) {
		if (access(modules[i].path, R_OK) == 0 || modules[i].path[0] == 0)
			rows += compare_module(&modules[i]);
	}
	ck_assert_int_ge(rows, 20000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tables");
	TCase *tables = tcase_create("tables");

	elf_version(EV_CURRENT);
	n_modules = modules_load(modules);
	stack = (struct unwind_stack){ (uintptr_t)words, (uintptr_t)words + sizeof(words) };
	/* Every word another address of the upper half: a CFA may be read from the stack. */
	for (int i = 0; i < STACK_WORDS; i++)
		words[i] = (uintptr_t)&words[STACK_WORDS / 2 + i % (STACK_WORDS / 2)];
	tcase_set_timeout(tables, 120);
	tcase_add_test(tables, the_index_of_every_module_is_the_search_table_of_ld);
	tcase_add_test(tables, every_address_finds_its_entry_and_its_neighbours_do_not);
	tcase_add_test(tables, every_row_of_every_module_steps_as_libdw_says);
	suite_add_tcase(suite, tables);
	return tap_run(suite);
}
