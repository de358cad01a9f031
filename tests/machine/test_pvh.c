/* SPDX-License-Identifier: MIT */
/*
 * The reader of PVH's start_info: bytes that QEMU 7.2 left in memory, and bytes
 * built after Xen's public header arch-x86/hvm/start_info.h, offset by offset.
 */
#include <stdio.h>
#include <string.h>

#include "machine/pc/boot/boot.h"
#include "physical.h"
#include "tap.h"

/* Where the built ones lie; the map is in the null page. */
#define INFO 0x2000
#define MAP 0x0
#define MODULES 0x3000
#define WORDS 0x4000
#define MODULE_WORDS 0x5000

static uint8_t info[56], map[24 * 2], modules[32 * 5];

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* Two entries of memory, one module without a command line, no words. */
static void build(void)
{
	memset(info, 0, sizeof(info));
	put32(info, 0x336ec578);
	put32(info + 4, 1);
	put32(info + 12, 1);
	put64(info + 16, MODULES);
	put64(info + 32, 0xf59d0);
	put64(info + 40, MAP);
	put32(info + 48, 2);
	memset(map, 0, sizeof(map));
	put64(map, 0x100000);
	put64(map + 8, 0x3ee0000);
	put32(map + 16, 1);
	put64(map + 24, 0xf0000);
	put64(map + 32, 0x10000);
	put32(map + 40, 2);
	memset(modules, 0, sizeof(modules));
	put64(modules, 0x200000);
	put64(modules + 8, 0x1234);
}

static void place(void)
{
	physical_put(INFO, info, sizeof(info));
	physical_put(MAP, map, sizeof(map));
	physical_put(MODULES, modules, sizeof(modules));
}

static struct boot_loader accept(uint64_t pa)
{
	char error[BOOT_ERROR_MAX] = "unset";
	struct boot_loader loader;

	memset(&loader, 0xee, sizeof(loader));
	ck_assert_msg(boot_read_pvh(pa, &loader, error) == 0, "%s", error);
	ck_assert_str_eq(error, "unset");
	ck_assert_str_eq(loader.name, "PVH");
	ck_assert_uint_eq(loader.rsdp_copy_size, 0);
	physical_clear();
	return loader;
}

/* The sentence must have all these words, which a bar separates. */
static void refuse(uint64_t pa, const char *parts)
{
	char error[BOOT_ERROR_MAX], part[64];
	static struct boot_loader loader, before;

	memset(error, 'x', sizeof(error));
	memset(&loader, 0xee, sizeof(loader));
	before = loader;
	ck_assert_int_eq(boot_read_pvh(pa, &loader, error), -EINVAL);
	ck_assert_mem_eq(&loader, &before, sizeof(loader));
	ck_assert_ptr_nonnull(memchr(error, 0, sizeof(error)));
	for (int n; sscanf(parts, "%63[^|]%n", part, &n) == 1; parts += n + (parts[n] == '|'))
		ck_assert_msg(strstr(error, part) != NULL, "no '%s' in: %s", part, error);
	physical_clear();
}

static void expect_range(struct boot_range range, uint64_t start, uint64_t end)
{
	ck_assert_uint_eq(range.start, start);
	ck_assert_uint_eq(range.end, end);
}

START_TEST(what_QEMU_says_on_pc_with_64_MiB_is_read)
{
	struct boot_loader loader;

	physical_put_hex(0x21e0, "78c56e33010000000000000001000000c021000000000000c011000000000000"
				 "d0590f0000000000a8050000000000000700000000000000");
	physical_put_hex(0x5a8,
			 "000000000000000000fc090000000000010000000000000000fc0900000000000004"
			 "000000000000020000000000000000000f0000000000000001000000000002000000"
			 "0000000000001000000000000000ee030000000001000000000000000000fe030000"
			 "0000000002000000000002000000000000000000fcff000000000000040000000000"
			 "020000000000000000000000fd00000000000000030000000200000000000000");
	physical_put_hex(0x21c0,
			 "00b0cf0300000000c0c62d000000000000000000000000000000000000000000");
	physical_put_hex(0x11c0, "736565643d372064656275672d6578697400");
	loader = accept(0x21e0);
	ck_assert_uint_eq(loader.usable.n, 2);
	expect_range(loader.usable.at[0], 0, 0x9fc00);
	expect_range(loader.usable.at[1], 0x100000, 0x3fe0000);
	ck_assert_uint_eq(loader.taken.n, 5);
	expect_range(loader.taken.at[2], 0x3fe0000, 0x4000000);
	expect_range(loader.taken.at[4], 0xfd00000000, 0x10000000000);
	ck_assert_uint_eq(loader.n_modules, 1);
	ck_assert_str_eq(loader.modules[0].name, "");
	expect_range(loader.modules[0].range, 0x3cfb000, 0x3cfb000 + 3000000);
	ck_assert_str_eq(loader.words, "seed=7 debug-exit");
	ck_assert_uint_eq(loader.rsdp, 0xf59d0);
}
END_TEST

/* Its map has an entry of zeros, its module something in the reserved field. */
START_TEST(what_QEMU_says_on_microvm_is_read)
{
	struct boot_loader loader;

	physical_put_hex(0xf31e0, "78c56e330100000000000000010000007c7b000000000000b0fc0e0000000000"
				  "d0340f000000000020fc0e00000000000600000000000000");
	physical_put_hex(0xefc20,
			 "000000000000000000fc090000000000010000000000000000fc0900000000000004"
			 "000000000000020000000000000000000d0000000000000002000000000004000000"
			 "0000000000000f000000000000000100000000000200000000000000000010000000"
			 "00000000f00300000000010000000000000000000000000000000000000000000000"
			 "0000000000000000");
	physical_put_hex(0x7b7c,
			 "0030d20300000000c0c62d000000000000000000000000000000006509000000");
	physical_put_hex(0xefcb0, "747261636500");
	loader = accept(0xf31e0);
	ck_assert_uint_eq(loader.usable.n, 2);
	expect_range(loader.usable.at[1], 0x100000, 0x4000000);
	ck_assert_uint_eq(loader.taken.n, 2);
	expect_range(loader.taken.at[1], 0xd0000, 0x100000);
	expect_range(loader.modules[0].range, 0x3d23000, 0x3d23000 + 3000000);
	ck_assert_str_eq(loader.words, "trace");
}
END_TEST

START_TEST(what_the_header_defines_is_found_at_its_offsets)
{
	struct boot_loader loader;

	build();
	place();
	loader = accept(INFO);
	ck_assert_uint_eq(loader.usable.n, 1);
	expect_range(loader.usable.at[0], 0x100000, 0x3fe0000);
	ck_assert_uint_eq(loader.taken.n, 1);
	expect_range(loader.taken.at[0], 0xf0000, 0x100000);
	ck_assert_uint_eq(loader.n_modules, 1);
	expect_range(loader.modules[0].range, 0x200000, 0x201234);
	ck_assert_str_eq(loader.words, "");
	ck_assert_uint_eq(loader.rsdp, 0xf59d0);
}
END_TEST

START_TEST(other_magic_is_refused)
{
	build();
	put32(info, 0x36d76289);
	place();
	refuse(INFO, "0x2000|0x336ec578|0x36d76289");
}
END_TEST

/* Version 0 ends before the fields of the map. */
START_TEST(version_0_is_refused_for_want_of_a_map)
{
	build();
	put32(info + 4, 0);
	physical_put(INFO, info, 40);
	refuse(INFO, "version|memory map");
}
END_TEST

START_TEST(later_versions_are_read_as_version_1)
{
	build();
	put32(info + 4, 2);
	place();
	ck_assert_uint_eq(accept(INFO).usable.n, 1);
}
END_TEST

START_TEST(start_info_out_of_reach_is_refused)
{
	build();
	place();
	refuse(0x900000, "start_info|0x900000|reach");
	place();
	refuse(UINT64_MAX - 3, "start_info|reach");
	for (size_t size = 0; size < sizeof(info); size++) {
		physical_put(INFO, info, size);
		physical_put(MAP, map, sizeof(map));
		refuse(INFO, "start_info|0x2000|reach");
	}
}
END_TEST

START_TEST(a_map_out_of_reach_is_refused)
{
	build();
	put64(info + 40, 0xfffffffffffffff0);
	place();
	refuse(INFO, "memory map|2 entries|0xfffffffffffffff0|reach");
	build();
	put32(info + 48, 3); /* one more than there is */
	place();
	refuse(INFO, "memory map|3 entries|reach");
}
END_TEST

START_TEST(maps_have_1_to_8192_entries)
{
	static uint8_t entries[8193 * 24];
	static const uint32_t bad[] = { 0, 8193, 0xffffffff };
	struct boot_loader loader;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		build();
		put32(info + 48, bad[i]);
		place();
		refuse(INFO, "1 to 8192");
	}
	for (size_t i = 0; i < 8192; i++) { /* pages, every other one of them reserved */
		put64(entries + i * 24, 0x100000 + i * 0x1000);
		put64(entries + i * 24 + 8, 0x1000);
		put32(entries + i * 24 + 16, i % 2 ? 2 : 1);
	}
	build();
	put64(info + 40, 0x100000);
	put32(info + 48, 8192);
	place();
	physical_put(0x100000, entries, sizeof(entries));
	loader = accept(INFO);
	ck_assert_uint_eq(loader.usable.n, BOOT_RANGES_MAX);
	ck_assert_uint_eq(loader.taken.n, BOOT_RANGES_MAX);
}
END_TEST

/* What does not fit into the list must not be forgotten when it is not RAM. */
START_TEST(thousands_of_reserved_pages_are_all_within_what_is_taken)
{
	static uint8_t entries[4096 * 24];
	struct boot_loader loader;

	for (size_t i = 0; i < 4096; i++) {
		put64(entries + i * 24, 0x100000 + i * i * 0x1000);
		put64(entries + i * 24 + 8, 0x1000);
		put32(entries + i * 24 + 16, 2);
	}
	build();
	put64(info + 40, 0x100000);
	put32(info + 48, 4096);
	place();
	physical_put(0x100000, entries, sizeof(entries));
	loader = accept(INFO);
	for (size_t i = 0, k; i < 4096; i++) {
		for (k = 0; k < loader.taken.n; k++) {
			if (loader.taken.at[k].start <= 0x100000 + i * i * 0x1000 &&
			    loader.taken.at[k].end >= 0x101000 + i * i * 0x1000)
				break;
		}
		ck_assert_uint_lt(k, loader.taken.n);
	}
}
END_TEST

START_TEST(every_type_but_1_is_taken)
{
	static const uint32_t types[] = { 0, 2, 3, 4, 5, 6, 7, 20, 0xffffffff };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct boot_loader loader;

		build();
		put32(map + 40, types[i]);
		place();
		loader = accept(INFO);
		ck_assert_uint_eq(loader.usable.n, 1);
		expect_range(loader.taken.at[0], 0xf0000, 0x100000);
	}
}
END_TEST

START_TEST(entries_past_2_to_the_64_give_no_RAM_but_take_it)
{
	struct boot_loader loader;

	build();
	put64(map + 8, 0 - 0x100000ull); /* ends at 2^64 */
	put64(map + 32, UINT64_MAX);
	place();
	loader = accept(INFO);
	ck_assert_uint_eq(loader.usable.n, 0);
	expect_range(loader.taken.at[0], 0xf0000, UINT64_MAX);
}
END_TEST

START_TEST(empty_entries_count_for_nothing)
{
	struct boot_loader loader;

	build();
	put64(map + 8, 0);
	put64(map + 32, 0);
	place();
	loader = accept(INFO);
	ck_assert_uint_eq(loader.usable.n, 0);
	ck_assert_uint_eq(loader.taken.n, 0);
}
END_TEST

START_TEST(command_lines_are_shorter_than_1024_bytes)
{
	char text[1200];

	memset(text, 'a', sizeof(text));
	text[1023] = 0;
	build();
	put64(info + 24, WORDS);
	place();
	physical_put(WORDS, text, 1024);
	ck_assert_uint_eq(strlen(accept(INFO).words), 1023);
	text[1023] = 'a';
	text[1024] = 0;
	place();
	physical_put(WORDS, text, 1025);
	refuse(INFO, "command line|0x4000|1024");
}
END_TEST

START_TEST(a_command_line_that_leaves_memory_is_refused)
{
	build();
	put64(info + 24, WORDS);
	place();
	physical_put(WORDS, "trace", 5);
	refuse(INFO, "command line|0x4000|reach");
	build();
	put64(info + 24, UINT64_MAX);
	place();
	refuse(INFO, "command line|0xffffffffffffffff|reach");
}
END_TEST

START_TEST(a_module_is_called_by_the_first_word_of_its_command_line)
{
	static const struct {
		const char *text, *name;
	} cases[] = { { "cells", "cells" },
		      { "  script two", "script" },
		      { "", "" },
		      { "   ", "" },
		      { "fifteen-letters and", "fifteen-letters" },
		      { "sixteen--letters", "sixteen--letter" },
		      { "a\x1b[31m\xff", "a?[31m?" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		build();
		put64(modules + 16, MODULE_WORDS);
		place();
		physical_put_text(MODULE_WORDS, cases[i].text);
		ck_assert_str_eq(accept(INFO).modules[0].name, cases[i].name);
	}
}
END_TEST

START_TEST(there_are_at_most_4_modules)
{
	build();
	for (unsigned int i = 0; i < 5; i++) {
		put64(modules + 32 * i, 0x200000 + i * 0x10000);
		put64(modules + 32 * i + 8, 0x1000);
	}
	put32(info + 12, 0);
	place();
	ck_assert_uint_eq(accept(INFO).n_modules, 0);
	put32(info + 12, 4);
	place();
	ck_assert_uint_eq(accept(INFO).n_modules, 4);
	put32(info + 12, 5);
	place();
	refuse(INFO, "at most 4 modules|found 5");
	put32(info + 12, 0xffffffff);
	place();
	refuse(INFO, "at most 4 modules|found 4294967295");
}
END_TEST

START_TEST(modules_that_cannot_be_read_are_refused)
{
	build();
	put64(info + 16, 0xfff00000);
	place();
	refuse(INFO, "1 modules|0xfff00000|reach");
	build();
	put64(modules + 8, 0 - 0x200000ull);
	place();
	refuse(INFO, "module 1|0x200000|2^64");
	build();
	put64(modules + 16, 0xfff00000);
	place();
	refuse(INFO, "command line of module 1|0xfff00000|reach");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pvh");
	TCase *pvh = tcase_create("pvh");

	suite_add_tcase(suite, pvh);
	tcase_add_test(pvh, what_QEMU_says_on_pc_with_64_MiB_is_read);
	tcase_add_test(pvh, what_QEMU_says_on_microvm_is_read);
	tcase_add_test(pvh, what_the_header_defines_is_found_at_its_offsets);
	tcase_add_test(pvh, other_magic_is_refused);
	tcase_add_test(pvh, version_0_is_refused_for_want_of_a_map);
	tcase_add_test(pvh, later_versions_are_read_as_version_1);
	tcase_add_test(pvh, start_info_out_of_reach_is_refused);
	tcase_add_test(pvh, a_map_out_of_reach_is_refused);
	tcase_add_test(pvh, maps_have_1_to_8192_entries);
	tcase_add_test(pvh, thousands_of_reserved_pages_are_all_within_what_is_taken);
	tcase_add_test(pvh, every_type_but_1_is_taken);
	tcase_add_test(pvh, entries_past_2_to_the_64_give_no_RAM_but_take_it);
	tcase_add_test(pvh, empty_entries_count_for_nothing);
	tcase_add_test(pvh, command_lines_are_shorter_than_1024_bytes);
	tcase_add_test(pvh, a_command_line_that_leaves_memory_is_refused);
	tcase_add_test(pvh, a_module_is_called_by_the_first_word_of_its_command_line);
	tcase_add_test(pvh, there_are_at_most_4_modules);
	tcase_add_test(pvh, modules_that_cannot_be_read_are_refused);
	return tap_run(suite);
}
