/* SPDX-License-Identifier: MIT */
/*
 * The reader of multiboot2's boot information: bytes that GRUB 2.06 left in
 * memory, and tags built after the Multiboot2 Specification, section 3.6.
 */
#include <stdio.h>
#include <string.h>

#include "machine/pc/boot/boot.h"
#include "physical.h"
#include "tap.h"

#define INFO 0x9500

/* On QEMU's pc with 64 MiB: a command line and two modules. */
static const char from_grub[] =
	"3803000000000000150000000c00000000001000e0bced03010000001b000000696e7465726163746976"
	"6520736565643d3500ffff525268020000001d0000004752554220322e30362d31332b64656231327532"
	"001685ff0a0000001c000000020100f098d1000000f000f00300f0fff0fff0fff45b5e5f030000001600"
	"000000501000c0163e0063656c6c73000000030000001900000000203e0060343e007363726970742078"
	"0045e489d389ce3106000000b80000001800000000000000000000000000000000fc0900000000000100"
	"00000000000000fc0900000000000004000000000000020000000000000000000f000000000000000100"
	"00000000020000000000000000001000000000000000ee030000000001000000000000000000fe030000"
	"0000000002000000000002000000000000000000fcff0000000000000400000000000200000000000000"
	"00000000fd00000000000000030000000200000000000000090000007c01000009000000280000000800"
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"1b0000000100000002000000000010000010000018000000000000000000000008000000000000001f00"
	"000007000000020000001800100018100000140000000000000000000000040000000000000029000000"
	"01000000060000002c0010002c100000aa010000000000000000000001000000000000002f0000000100"
	"000032000000d6011000d61100004b000000000000000000000001000000010000003700000008000000"
	"030000003002100021120000004000000000000000000000100000000000000001000000020000000000"
	"000030421000241200007000000007000000050000000400000010000000090000000300000000000000"
	"a0421000941200002600000000000000000000000100000000000000110000000300000000000000c642"
	"1000ba1200003c000000000000000000000001000000000000000a80fa4304000000100000007f020000"
	"80fb00000500000014000000e0000000fffffffffffffffffa78753f0e0000001c000000525344205054"
	"5220ee424f4348532000491afe03228b93000000000008000000";

/* What is being built: the header, then tags. */
static struct {
	uint8_t bytes[1 << 18];
	uint32_t size;
} built;

static void put32(uint32_t value)
{
	memcpy(built.bytes + built.size, &value, sizeof(value));
	built.size += sizeof(value);
}

static void put64(uint64_t value)
{
	put32((uint32_t)value);
	put32((uint32_t)(value >> 32));
}

static void put_text(const char *text)
{
	memcpy(built.bytes + built.size, text, strlen(text) + 1);
	built.size += (uint32_t)strlen(text) + 1;
}

/* The header of a tag; tags begin at multiples of 8. */
static void put_tag(uint32_t type, uint32_t size)
{
	while (built.size % 8 != 0)
		built.bytes[built.size++] = 0xff;
	put32(type);
	put32(size);
}

static void put_words(const char *text)
{
	put_tag(1, 8 + (uint32_t)strlen(text) + 1);
	put_text(text);
}

static void put_module(uint32_t start, uint32_t end, const char *text)
{
	put_tag(3, 16 + (uint32_t)strlen(text) + 1);
	put32(start);
	put32(end);
	put_text(text);
}

static void put_entry(uint64_t start, uint64_t size, uint32_t type)
{
	put64(start);
	put64(size);
	put32(type);
	put32(0);
}

static void put_map(void)
{
	put_tag(6, 16 + 24 * 2);
	put32(24);
	put32(0);
	put_entry(0x100000, 0x3ee0000, 1);
	put_entry(0xf0000, 0x10000, 2);
}

static void begin(void)
{
	memset(&built, 0, sizeof(built));
	put32(0);
	put32(0);
}

/* With the total size in its place, but without an end tag. */
static void place(void)
{
	memcpy(built.bytes, &built.size, sizeof(built.size));
	physical_put(INFO, built.bytes, built.size);
}

static void end(void)
{
	put_tag(0, 8);
	place();
}

static struct boot_loader accept(uint64_t pa)
{
	char error[BOOT_ERROR_MAX] = "unset";
	struct boot_loader loader;

	memset(&loader, 0xee, sizeof(loader));
	ck_assert_msg(boot_read_multiboot2(pa, &loader, error) == 0, "%s", error);
	ck_assert_str_eq(error, "unset");
	ck_assert_str_eq(loader.name, "multiboot2");
	ck_assert_uint_eq(loader.rsdp, 0);
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
	ck_assert_int_eq(boot_read_multiboot2(pa, &loader, error), -EINVAL);
	ck_assert_mem_eq(&loader, &before, sizeof(loader));
	ck_assert_ptr_nonnull(memchr(error, 0, sizeof(error)));
	for (int n; sscanf(parts, "%63[^|]%n", part, &n) == 1; parts += n + (parts[n] == '|'))
		ck_assert_msg(strstr(error, part) != NULL, "no '%s' in: %s", part, error);
	physical_clear();
}

static void expect_range(struct boot_range range, uint64_t start, uint64_t end_of)
{
	ck_assert_uint_eq(range.start, start);
	ck_assert_uint_eq(range.end, end_of);
}

START_TEST(what_GRUB_says_on_pc_is_read)
{
	struct boot_loader loader;

	physical_put_hex(0x104308, from_grub);
	loader = accept(0x104308);
	ck_assert_str_eq(loader.words, "interactive seed=5");
	ck_assert_uint_eq(loader.usable.n, 2);
	expect_range(loader.usable.at[0], 0, 0x9fc00);
	expect_range(loader.usable.at[1], 0x100000, 0x3fe0000);
	ck_assert_uint_eq(loader.taken.n, 5);
	expect_range(loader.taken.at[3], 0xfffc0000, 0x100000000);
	ck_assert_uint_eq(loader.n_modules, 2);
	ck_assert_str_eq(loader.modules[0].name, "cells");
	expect_range(loader.modules[0].range, 0x105000, 0x3e16c0);
	ck_assert_str_eq(loader.modules[1].name, "script");
	expect_range(loader.modules[1].range, 0x3e2000, 0x3e3460);
	ck_assert_uint_eq(loader.rsdp_copy_size, 20);
	ck_assert_mem_eq(loader.rsdp_copy, "RSD PTR ", 8);
}
END_TEST

START_TEST(what_the_specification_defines_is_found_at_its_offsets)
{
	struct boot_loader loader;

	begin();
	put_module(0x200000, 0x201234, "cells of clew");
	put_words("trace");
	put_tag(99, 11); /* not known: passed over, with its padding */
	put_text("xx");
	put_map();
	end();
	loader = accept(INFO);
	expect_range(loader.usable.at[0], 0x100000, 0x3fe0000);
	expect_range(loader.taken.at[0], 0xf0000, 0x100000);
	ck_assert_str_eq(loader.modules[0].name, "cells");
	expect_range(loader.modules[0].range, 0x200000, 0x201234);
	ck_assert_str_eq(loader.words, "trace");
	ck_assert_uint_eq(loader.rsdp_copy_size, 0);
}
END_TEST

START_TEST(tags_after_the_end_tag_do_not_count)
{
	begin();
	put_map();
	put_tag(0, 8);
	put_tag(1, 3);
	place();
	ck_assert_str_eq(accept(INFO).words, "");
}
END_TEST

START_TEST(information_out_of_place_is_refused)
{
	begin();
	put_map();
	end();
	refuse(0x900000, "0x900000|within reach");
	begin();
	put_map();
	end();
	refuse(INFO + 4, "0x9504|multiple of 8");
	begin();
	put_map();
	put_tag(0, 8);
	memcpy(built.bytes, &built.size, sizeof(built.size));
	physical_put(INFO, built.bytes, built.size - 1);
	refuse(INFO, "0x9500|out of reach");
}
END_TEST

START_TEST(information_has_at_most_1_MiB)
{
	static uint8_t bytes[(1 << 20) + 8];
	uint32_t size = 1 << 20, filler[2] = { 99 };

	begin();
	put_map();
	memcpy(bytes, built.bytes, built.size);
	filler[1] = size - built.size - 8;
	memcpy(bytes + built.size, filler, sizeof(filler));
	bytes[size - 4] = 8; /* the end tag */
	memcpy(bytes, &size, sizeof(size));
	physical_put(INFO, bytes, sizeof(bytes));
	accept(INFO);
	size++;
	memcpy(bytes, &size, sizeof(size));
	physical_put(INFO, bytes, sizeof(bytes));
	refuse(INFO, "at most 1048576|found 1048577");
}
END_TEST

START_TEST(information_without_an_end_tag_is_refused)
{
	static const uint8_t zeros[8];

	begin();
	put_map();
	place();
	refuse(INFO, "end tag");
	physical_put(INFO, zeros, sizeof(zeros)); /* a total size of 0 */
	refuse(INFO, "end tag");
	for (uint32_t rest = 1; rest < 8; rest++) { /* too little for a tag */
		begin();
		put_map();
		built.size += rest;
		place();
		refuse(INFO, "end tag");
	}
}
END_TEST

START_TEST(tags_that_are_too_small_or_too_large_are_refused)
{
	static const uint32_t sizes[] = { 0, 7, 17, 0x7fffffff, 0xfffffff9, 0xffffffff };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		begin();
		put_map();
		put_tag(99, sizes[i]);
		put_tag(0, 8);
		place();
		refuse(INFO, "tag at byte 72|8 to 16");
	}
}
END_TEST

START_TEST(information_without_a_map_is_refused)
{
	begin();
	put_words("trace");
	end();
	refuse(INFO, "memory map|found none");
}
END_TEST

START_TEST(maps_need_whole_entries_of_at_least_24_bytes)
{
	static const uint32_t sizes[] = { 0, 8, 23, 25, 40, 0xffffffff };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		begin();
		put_map();
		memcpy(built.bytes + 16, &sizes[i], sizeof(sizes[i]));
		end();
		refuse(INFO, "memory map|24");
	}
	begin();
	put_tag(6, 15);
	put64(24);
	end();
	refuse(INFO, "memory map|at least 16|found 15");
}
END_TEST

START_TEST(entries_may_be_larger_than_24_bytes)
{
	struct boot_loader loader;

	begin();
	put_tag(6, 16 + 32 * 2);
	put32(32);
	put32(1);
	put_entry(0x100000, 0x100000, 1);
	put64(UINT64_MAX);
	put_entry(0x300000, 0x100000, 1);
	put64(UINT64_MAX);
	end();
	loader = accept(INFO);
	ck_assert_uint_eq(loader.usable.n, 2);
	expect_range(loader.usable.at[1], 0x300000, 0x400000);
}
END_TEST

START_TEST(maps_have_at_most_8192_entries)
{
	for (uint32_t n = 8192; n <= 8193; n++) {
		begin();
		put_tag(6, 16 + 24 * n);
		put32(24);
		put32(0);
		for (uint32_t i = 0; i < n; i++)
			put_entry(0x100000 + i * 0x2000ull, 0x1000, 1);
		end();
		if (n == 8192)
			ck_assert_uint_eq(accept(INFO).usable.n, BOOT_RANGES_MAX);
		else
			refuse(INFO, "at most 8192|found 8193");
	}
}
END_TEST

START_TEST(command_lines_end_within_their_tag)
{
	begin();
	put_map();
	put_tag(1, 13);
	memcpy(built.bytes + built.size, "trace", 5);
	built.size += 5;
	end();
	refuse(INFO, "byte 72|command line|13 bytes");
	begin();
	put_map();
	put_tag(1, 8);
	end();
	refuse(INFO, "command line|8 bytes");
}
END_TEST

START_TEST(there_is_one_command_line_of_less_than_1024_bytes)
{
	char text[1025];

	memset(text, 'a', sizeof(text));
	text[1024] = 0;
	begin();
	put_map();
	put_words(text);
	end();
	refuse(INFO, "command line|less than 1024|found 1024");
	text[1023] = 0;
	begin();
	put_map();
	put_words(text);
	end();
	ck_assert_uint_eq(strlen(accept(INFO).words), 1023);
	begin();
	put_map();
	put_words("trace");
	put_words("trace");
	end();
	refuse(INFO, "byte 88|one command line");
}
END_TEST

START_TEST(modules_that_make_no_sense_are_refused)
{
	begin();
	put_map();
	put_module(0x201000, 0x200fff, "cells");
	end();
	refuse(INFO, "module 1|0x201000|0x200fff");
	begin();
	put_map();
	put_tag(3, 16);
	put64(0x20100000200000);
	end();
	refuse(INFO, "byte 72|command line|16 bytes");
	begin();
	put_map();
	put_tag(3, 12);
	put64(0x20100000200000);
	end();
	refuse(INFO, "byte 72|command line|12 bytes");
}
END_TEST

START_TEST(there_are_at_most_4_modules)
{
	begin();
	put_map();
	for (uint32_t i = 0; i < 4; i++)
		put_module(0x200000 + i * 0x1000, 0x201000 + i * 0x1000, "");
	end();
	ck_assert_uint_eq(accept(INFO).n_modules, 4);
	begin();
	put_map();
	for (uint32_t i = 0; i < 5; i++)
		put_module(0x200000 + i * 0x1000, 0x201000 + i * 0x1000, "");
	end();
	refuse(INFO, "at most 4 modules");
}
END_TEST

static void put_rsdp(uint32_t type, uint32_t size, uint8_t byte)
{
	put_tag(type, 8 + size);
	memset(built.bytes + built.size, byte, size);
	built.size += size;
}

START_TEST(the_new_root_pointer_wins_over_the_old_one)
{
	struct boot_loader loader;

	for (int i = 0; i < 2; i++) {
		begin();
		put_map();
		put_rsdp(i ? 14 : 15, i ? 20 : 36, i ? 1 : 2);
		put_rsdp(i ? 15 : 14, i ? 36 : 20, i ? 2 : 1);
		end();
		loader = accept(INFO);
		ck_assert_uint_eq(loader.rsdp_copy_size, 36);
		for (size_t k = 0; k < 36; k++)
			ck_assert_uint_eq(loader.rsdp_copy[k], 2);
	}
}
END_TEST

START_TEST(root_pointers_that_are_cut_are_as_good_as_none)
{
	begin();
	put_map();
	put_rsdp(14, 19, 1);
	put_rsdp(15, 35, 2);
	end();
	ck_assert_uint_eq(accept(INFO).rsdp_copy_size, 0);
	begin();
	put_map();
	put_rsdp(14, 20, 1);
	put_rsdp(15, 35, 2);
	end();
	ck_assert_uint_eq(accept(INFO).rsdp_copy_size, 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("multiboot2");
	TCase *multiboot2 = tcase_create("multiboot2");

	suite_add_tcase(suite, multiboot2);
	tcase_add_test(multiboot2, what_GRUB_says_on_pc_is_read);
	tcase_add_test(multiboot2, what_the_specification_defines_is_found_at_its_offsets);
	tcase_add_test(multiboot2, tags_after_the_end_tag_do_not_count);
	tcase_add_test(multiboot2, information_out_of_place_is_refused);
	tcase_add_test(multiboot2, information_has_at_most_1_MiB);
	tcase_add_test(multiboot2, information_without_an_end_tag_is_refused);
	tcase_add_test(multiboot2, tags_that_are_too_small_or_too_large_are_refused);
	tcase_add_test(multiboot2, information_without_a_map_is_refused);
	tcase_add_test(multiboot2, maps_need_whole_entries_of_at_least_24_bytes);
	tcase_add_test(multiboot2, entries_may_be_larger_than_24_bytes);
	tcase_add_test(multiboot2, maps_have_at_most_8192_entries);
	tcase_add_test(multiboot2, command_lines_end_within_their_tag);
	tcase_add_test(multiboot2, there_is_one_command_line_of_less_than_1024_bytes);
	tcase_add_test(multiboot2, modules_that_make_no_sense_are_refused);
	tcase_add_test(multiboot2, there_are_at_most_4_modules);
	tcase_add_test(multiboot2, the_new_root_pointer_wins_over_the_old_one);
	tcase_add_test(multiboot2, root_pointers_that_are_cut_are_as_good_as_none);
	return tap_run(suite);
}
