/* SPDX-License-Identifier: MIT */
/*
 * The plan of physical memory, for maps that QEMU 7.2 and OVMF gave and for maps
 * that no firmware should give.  Expected addresses are worked out by hand.
 */
#include <stdio.h>
#include <string.h>

#include "machine/pc/boot/boot.h"
#include "tap.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)
#define LIMIT (64 * GIB)
#define CELLS_SIZE 3000000

static const struct boot_range image = { 0x100000, 0x17f123 };

/* An entry of a memory map as firmware gives it. */
struct entry {
	uint64_t start, size;
	uint32_t type;
};

static struct boot_loader loader_of(const struct entry *entries, size_t n)
{
	struct boot_loader loader = { .name = "test" };

	for (size_t i = 0; i < n; i++) {
		struct boot_range range = { entries[i].start, entries[i].start + entries[i].size };
		struct boot_ranges *ranges = entries[i].type == 1 ? &loader.usable : &loader.taken;

		ranges->at[ranges->n++] = range;
	}
	return loader;
}

#define LOADER_OF(entries) loader_of(entries, sizeof(entries) / sizeof((entries)[0]))

static void add_module(struct boot_loader *loader, const char *name, uint64_t start, uint64_t size)
{
	struct boot_module *module = &loader->modules[loader->n_modules++];

	strcpy(module->name, name);
	module->range = (struct boot_range){ start, start + size };
}

/* RAM from 0 to `end`, but for the usual hole, and a module "cells" of a page at 2 MiB. */
static struct boot_loader simple(uint64_t end)
{
	struct entry entries[] = { { 0, 0x9fc00, 1 }, { MIB, end - MIB, 1 } };
	struct boot_loader loader = LOADER_OF(entries);

	add_module(&loader, "cells", 2 * MIB, PAGE_SIZE);
	return loader;
}

static struct boot_plan accept_below(const struct boot_loader *loader, uint64_t limit)
{
	char error[BOOT_ERROR_MAX] = "unset";
	struct boot_plan plan;

	memset(&plan, 0xee, sizeof(plan));
	ck_assert_msg(boot_plan(loader, image, limit, &plan, error) == 0, "%s", error);
	ck_assert_str_eq(error, "unset");
	return plan;
}

static struct boot_plan accept(const struct boot_loader *loader)
{
	return accept_below(loader, LIMIT);
}

/* The sentence, until the next call. */
static const char *refuse(const struct boot_loader *loader, int expected)
{
	static char error[BOOT_ERROR_MAX];
	struct boot_plan plan, before;

	memset(error, 'x', sizeof(error));
	memset(&plan, 0xee, sizeof(plan));
	before = plan;
	ck_assert_int_eq(boot_plan(loader, image, LIMIT, &plan, error), expected);
	ck_assert_mem_eq(&plan, &before, sizeof(plan));
	ck_assert_ptr_nonnull(memchr(error, 0, sizeof(error)));
	return error;
}

static void expect_part(const char *error, const char *part)
{
	ck_assert_msg(strstr(error, part) != NULL, "no '%s' in: %s", part, error);
}

static void expect_range(struct boot_range range, uint64_t start, uint64_t end)
{
	ck_assert_uint_eq(range.start, start);
	ck_assert_uint_eq(range.end, end);
}

static void expect_free(const struct boot_plan *plan, const struct boot_range *ranges, size_t n)
{
	ck_assert_uint_eq(plan->free.n, n);
	for (size_t i = 0; i < n; i++)
		expect_range(plan->free.at[i], ranges[i].start, ranges[i].end);
}

#define EXPECT_FREE(plan, ...) \
	do { \
		const struct boot_range expected_ranges[] = { __VA_ARGS__ }; \
		expect_free(plan, expected_ranges, \
			    sizeof(expected_ranges) / sizeof(expected_ranges[0])); \
	} while (0)

/* ---- maps of real firmware --------------------------------------------------- */

/* QEMU's pc, with less memory than reaches the devices below 4 GiB. */
static struct boot_loader pc_with(uint64_t memory)
{
	const struct entry map[] = {
		{ 0x0, 0x9fc00, 1 },
		{ 0x9fc00, 0x400, 2 },
		{ 0xf0000, 0x10000, 2 },
		{ MIB, memory - MIB - 0x20000, 1 },
		{ memory - 0x20000, 0x20000, 2 },
		{ 0xfffc0000, 0x40000, 2 },
		{ 0xfd00000000, 0x300000000, 2 },
	};

	return LOADER_OF(map);
}

START_TEST(pc_with_64_MiB_gets_tables_of_39_pages_below_its_module)
{
	struct boot_loader loader = pc_with(64 * MIB);
	struct boot_plan plan;

	add_module(&loader, "", 0x3cfb000, CELLS_SIZE);
	plan = accept(&loader);
	ck_assert_uint_eq(plan.memory_end, 0x3fe0000);
	expect_range(plan.tables, 0x3cd4000, 0x3cfb000);
	EXPECT_FREE(&plan, { 0x180000, 0x3cd4000 }, { 0x3fd8000, 0x3fe0000 });
	ck_assert_uint_eq(plan.n_modules, 1);
	ck_assert_str_eq(plan.modules[0].name, "cells");
	expect_range(plan.modules[0].range, 0x3cfb000, 0x3fd76c0);
}
END_TEST

START_TEST(pc_with_3_GiB_gets_tables_of_1547_pages)
{
	struct boot_loader loader = pc_with(3 * GIB);
	struct boot_plan plan;

	add_module(&loader, "", 0xbfcfb000, CELLS_SIZE);
	plan = accept(&loader);
	ck_assert_uint_eq(plan.memory_end, 0xbffe0000);
	expect_range(plan.tables, 0xbf6f0000, 0xbfcfb000);
	EXPECT_FREE(&plan, { 0x180000, 0xbf6f0000 }, { 0xbffd8000, 0xbffe0000 });
}
END_TEST

START_TEST(pc_with_5_GiB_has_free_memory_above_4_GiB_and_tables_below)
{
	struct boot_loader loader = pc_with(3 * GIB);
	struct boot_plan plan;

	loader.usable.at[loader.usable.n++] = (struct boot_range){ 4 * GIB, 6 * GIB };
	add_module(&loader, "", 0xbfcfb000, CELLS_SIZE);
	plan = accept(&loader);
	ck_assert_uint_eq(plan.memory_end, 0x180000000);
	expect_range(plan.tables, 0xbf0ea000, 0xbfcfb000);
	EXPECT_FREE(&plan, { 0x180000, 0xbf0ea000 }, { 0xbffd8000, 0xbffe0000 },
		    { 0x100000000, 0x180000000 });
}
END_TEST

START_TEST(microvm_with_64_MiB_is_RAM_to_the_end)
{
	static const struct entry map[] = {
		{ 0x0, 0x9fc00, 1 },	 { 0x9fc00, 0x400, 2 },	     { 0xd0000, 0x20000, 4 },
		{ 0xf0000, 0x10000, 2 }, { 0x100000, 0x3f00000, 1 }, { 0, 0, 0 },
	};
	struct boot_loader loader = LOADER_OF(map);
	struct boot_plan plan;

	add_module(&loader, "", 0x3d23000, CELLS_SIZE);
	plan = accept(&loader);
	ck_assert_uint_eq(plan.memory_end, 0x4000000);
	expect_range(plan.tables, 0x3cfc000, 0x3d23000);
	EXPECT_FREE(&plan, { 0x180000, 0x3cfc000 });
}
END_TEST

/* GRUB puts the small module into the first MiB. */
START_TEST(OVMF_with_256_MiB_leaves_five_ranges_and_a_module_in_the_first_MiB)
{
	static const struct entry map[] = {
		{ 0x0, 0xa0000, 1 },	       { 0x100000, 0x706000, 1 },
		{ 0x806000, 0x2000, 4 },       { 0x808000, 0x8000, 1 },
		{ 0x810000, 0xf0000, 4 },      { 0x900000, 0xe1a0000, 1 },
		{ 0xeaa0000, 0x102000, 2 },    { 0xeba2000, 0x94a000, 1 },
		{ 0xf4ec000, 0x100000, 2 },    { 0xf5ec000, 0x100000, 20 },
		{ 0xf6ec000, 0x80000, 2 },     { 0xf76c000, 0x12000, 3 },
		{ 0xf77e000, 0x80000, 4 },     { 0xf7fe000, 0x6f6000, 1 },
		{ 0xfef4000, 0x84000, 2 },     { 0xff78000, 0x88000, 4 },
		{ 0xb0000000, 0x10000000, 2 },
	};
	struct boot_loader loader = LOADER_OF(map);
	struct boot_plan plan;

	add_module(&loader, "cells", 0x180000, 0x2dc6c0);
	add_module(&loader, "script", 0x3000, 0x1460);
	plan = accept(&loader);
	ck_assert_uint_eq(plan.memory_end, 0xfef4000);
	expect_range(plan.tables, 0xfe6d000, 0xfef4000);
	EXPECT_FREE(&plan, { 0x45d000, 0x806000 }, { 0x808000, 0x810000 }, { 0x900000, 0xeaa0000 },
		    { 0xeba2000, 0xf4ec000 }, { 0xf7fe000, 0xfe6d000 });
	ck_assert_uint_eq(plan.n_modules, 2);
	expect_range(plan.modules[1].range, 0x3000, 0x4460);
}
END_TEST

/* ---- maps of no firmware ------------------------------------------------------- */

START_TEST(ranges_that_are_empty_or_end_before_they_start_count_for_nothing)
{
	struct boot_loader loader = simple(32 * MIB);
	struct boot_plan plan = accept(&loader), again;

	loader.usable.at[2] = (struct boot_range){ 5 * GIB, 5 * GIB };
	loader.usable.at[3] = (struct boot_range){ 5 * GIB, 5 * GIB - 1 };
	loader.usable.at[4] = (struct boot_range){ UINT64_MAX, 0 };
	loader.usable.n = 5;
	loader.taken.at[0] = (struct boot_range){ 16 * MIB, 16 * MIB };
	loader.taken.at[1] = (struct boot_range){ 20 * MIB + 5, 20 * MIB + 5 };
	loader.taken.at[2] = (struct boot_range){ UINT64_MAX, MIB };
	loader.taken.n = 3;
	again = accept(&loader);
	ck_assert_mem_eq(&plan, &again, sizeof(plan));
}
END_TEST

START_TEST(what_is_taken_wins_over_RAM_in_any_order)
{
	static const struct entry map[] = {
		{ 8 * MIB, 8 * MIB, 2 },
		{ 12 * MIB, 20 * MIB, 1 },
		{ 0, 14 * MIB, 1 },
		{ 9 * MIB, MIB, 2 },
		{ 31 * MIB, UINT64_MAX - 31 * MIB, 2 },
	};
	struct boot_loader loader = LOADER_OF(map);
	struct boot_plan plan;

	add_module(&loader, "cells", 2 * MIB, PAGE_SIZE);
	plan = accept(&loader);
	ck_assert_uint_eq(plan.memory_end, 31 * MIB);
	expect_range(plan.tables, 31 * MIB - 23 * PAGE_SIZE, 31 * MIB); /* 16 + 2 + 5 */
	EXPECT_FREE(&plan, { 0x180000, 2 * MIB }, { 2 * MIB + PAGE_SIZE, 8 * MIB },
		    { 16 * MIB, 31 * MIB - 23 * PAGE_SIZE });
}
END_TEST

START_TEST(RAM_is_cut_to_whole_pages_after_it_was_joined)
{
	static const struct entry map[] = {
		{ 0x100000, 0x100800, 1 },
		{ 0x200800, 0xe00001, 1 }, /* joined at 0x200800 */
		{ 0x1000802, 0xffffff, 1 },
		{ 0x1800fff, 2, 2 },
	};
	struct boot_loader loader = LOADER_OF(map);
	struct boot_plan plan;

	add_module(&loader, "cells", 0x400010, 0x1000);
	plan = accept(&loader);
	ck_assert_uint_eq(plan.memory_end, 0x2000000);
	expect_range(plan.tables, 0x2000000 - 23 * PAGE_SIZE, 0x2000000);
	expect_range(plan.modules[0].range, 0x400010, 0x401010);
	EXPECT_FREE(&plan, { 0x180000, 0x400000 }, { 0x402000, 0x1000000 },
		    { 0x1001000, 0x1800000 }, { 0x1802000, 0x2000000 - 23 * PAGE_SIZE });
}
END_TEST

START_TEST(memory_above_the_limit_is_not_used)
{
	struct boot_loader loader = simple(8 * GIB);
	struct boot_plan plan = accept_below(&loader, 32 * MIB + 4095);

	ck_assert_uint_eq(plan.memory_end, 32 * MIB);
	ck_assert_uint_eq(plan.tables.end, 32 * MIB);
	plan = accept_below(&loader, 6 * GIB);
	ck_assert_uint_eq(plan.memory_end, 6 * GIB);
	ck_assert_uint_eq(plan.free.at[plan.free.n - 1].end, 6 * GIB);
}
END_TEST

START_TEST(the_20_MiB_below_4_GiB_are_never_RAM)
{
	struct boot_loader loader = simple(8 * GIB);
	struct boot_plan plan = accept(&loader);

	ck_assert_uint_eq(plan.tables.end, 0xfec00000);
	EXPECT_FREE(&plan, { 0x180000, 2 * MIB }, { 2 * MIB + PAGE_SIZE, plan.tables.start },
		    { 4 * GIB, 8 * GIB });
}
END_TEST

START_TEST(of_many_ranges_the_largest_become_regions)
{
	struct boot_loader loader = simple(16 * MIB);
	struct boot_plan plan;

	for (uint64_t i = 0; i < 46; i++) /* of 1, 2 ... 46 pages */
		loader.usable.at[loader.usable.n++] =
			(struct boot_range){ (32 + i) * MIB, (32 + i) * MIB + (i + 1) * PAGE_SIZE };
	plan = accept(&loader);
	/* 78 MiB: 39 + 2 + 5 pages of tables, taken from the range of 46, which is gone. */
	expect_range(plan.tables, 77 * MIB, 77 * MIB + 46 * PAGE_SIZE);
	ck_assert_uint_eq(plan.free.n, MACHINE_REGIONS_MAX - 4 - 1);
	expect_range(plan.free.at[0], 0x180000, 2 * MIB);
	expect_range(plan.free.at[1], 2 * MIB + PAGE_SIZE, 16 * MIB);
	for (uint64_t i = 2; i < plan.free.n; i++)
		expect_range(plan.free.at[i], (65 + i + 1) * MIB,
			     (65 + i + 1) * MIB + (34 + i + 1) * PAGE_SIZE);
}
END_TEST

/* ---- modules ------------------------------------------------------------------ */

START_TEST(a_module_may_lie_anywhere_in_RAM_but_in_the_null_page)
{
	struct boot_loader loader = simple(32 * MIB);

	loader.modules[0].range = (struct boot_range){ PAGE_SIZE, 2 * PAGE_SIZE };
	accept(&loader);
	loader.modules[0].range.start--;
	expect_part(refuse(&loader, -EINVAL), "null page");
	loader.modules[0].range = (struct boot_range){ 32 * MIB - 5, 32 * MIB };
	accept(&loader);
	loader.modules[0].range.end++;
	expect_part(refuse(&loader, -EINVAL), "module cells at 0x1fffffb to 0x2000001");
	loader.modules[0].range = (struct boot_range){ 0x9f000, 0x9fc00 };
	accept(&loader);
	loader.modules[0].range.end++;
	expect_part(refuse(&loader, -EINVAL), "RAM");
}
END_TEST

START_TEST(a_module_in_reserved_memory_is_refused)
{
	struct boot_loader loader = simple(32 * MIB);

	loader.taken.at[0] = (struct boot_range){ 2 * MIB + PAGE_SIZE, 3 * MIB };
	loader.taken.n = 1;
	accept(&loader);
	loader.taken.at[0].start--;
	expect_part(refuse(&loader, -EINVAL), "reserved");
	loader = simple(8 * GIB);
	loader.modules[0].range = (struct boot_range){ 0xfec00000 - PAGE_SIZE, 0xfec00000 };
	accept(&loader);
	loader.modules[0].range.end++;
	expect_part(refuse(&loader, -EINVAL), "RAM");
}
END_TEST

START_TEST(a_module_above_4_GiB_or_the_limit_is_refused)
{
	struct boot_loader loader = simple(8 * GIB);
	char error[BOOT_ERROR_MAX];
	struct boot_plan plan;

	loader.modules[0].range = (struct boot_range){ 4 * GIB, 4 * GIB + 1 };
	expect_part(refuse(&loader, -EINVAL), "below 4 GiB");
	loader.modules[0].range = (struct boot_range){ UINT64_MAX - 1, UINT64_MAX };
	expect_part(refuse(&loader, -EINVAL), "below 4 GiB");
	loader.modules[0].range = (struct boot_range){ 64 * MIB - 1, 64 * MIB };
	accept_below(&loader, 64 * MIB);
	loader.modules[0].range.end++;
	ck_assert_int_eq(boot_plan(&loader, image, 64 * MIB, &plan, error), -EINVAL);
	expect_part(error, "end of memory");
}
END_TEST

START_TEST(a_module_without_content_is_refused)
{
	struct boot_loader loader = simple(32 * MIB);

	loader.modules[0].range.end = loader.modules[0].range.start;
	expect_part(refuse(&loader, -EINVAL), "expected content");
}
END_TEST

START_TEST(a_module_that_shares_a_page_with_the_image_is_refused)
{
	struct boot_loader loader = simple(32 * MIB);

	loader.modules[0].range = (struct boot_range){ 0x180000, 0x180001 };
	accept(&loader);
	loader.modules[0].range = (struct boot_range){ 0x17ffff, 0x180001 };
	expect_part(refuse(&loader, -EINVAL), "the image");
	loader.modules[0].range = (struct boot_range){ 0xf0000, 0x200000 };
	loader.usable.at[0].end = MIB;
	expect_part(refuse(&loader, -EINVAL), "the image");
}
END_TEST

START_TEST(modules_that_share_a_page_are_refused)
{
	struct boot_loader loader = simple(32 * MIB);

	add_module(&loader, "script", 2 * MIB + PAGE_SIZE, 5);
	EXPECT_FREE((&(struct boot_plan){ .free = accept(&loader).free }), { 0x180000, 2 * MIB },
		    { 2 * MIB + 2 * PAGE_SIZE, 32 * MIB - 23 * PAGE_SIZE });
	loader.modules[0].range.end++;
	loader.modules[1].range.start += 2;
	expect_part(refuse(&loader, -EINVAL), "another module");
	loader.modules[1].range = (struct boot_range){ 2 * MIB - 1, 2 * MIB + 1 };
	expect_part(refuse(&loader, -EINVAL), "another module");
}
END_TEST

START_TEST(without_a_module_the_sentence_says_how_to_bring_one)
{
	struct boot_loader loader = simple(32 * MIB);
	static const char expected[] =
		"no archive of cells: expected a module (QEMU: -initrd "
		"build/cells.tar; GRUB: module2 /boot/cells.tar cells), found "
		"none";

	loader.n_modules = 0;
	ck_assert_str_eq(refuse(&loader, -EINVAL), expected);
	add_module(&loader, "cells.tar", 2 * MIB, 5);
	add_module(&loader, "script", 3 * MIB, 5);
	loader.n_modules = 2;
	strcpy(loader.modules[0].name, "cells.tar");
	ck_assert_str_eq(refuse(&loader, -EINVAL), expected);
}
END_TEST

START_TEST(the_only_module_and_one_without_a_name_are_the_cells)
{
	struct boot_loader loader = simple(32 * MIB);

	strcpy(loader.modules[0].name, "archive");
	ck_assert_str_eq(accept(&loader).modules[0].name, "cells");
	strcpy(loader.modules[0].name, "");
	ck_assert_str_eq(accept(&loader).modules[0].name, "cells");
	add_module(&loader, "script", 3 * MIB, 5);
	ck_assert_str_eq(accept(&loader).modules[0].name, "cells");
	ck_assert_str_eq(accept(&loader).modules[1].name, "script");
}
END_TEST

START_TEST(two_modules_of_one_name_are_refused)
{
	struct boot_loader loader = simple(32 * MIB);

	add_module(&loader, "cells", 3 * MIB, 5);
	expect_part(refuse(&loader, -EINVAL), "two called cells");
	strcpy(loader.modules[1].name, "");
	expect_part(refuse(&loader, -EINVAL), "two called cells");
	strcpy(loader.modules[1].name, "script");
	add_module(&loader, "script", 4 * MIB, 5);
	expect_part(refuse(&loader, -EINVAL), "two called script");
}
END_TEST

/* ---- amounts ------------------------------------------------------------------- */

START_TEST(tables_cover_all_addresses_up_to_the_end_of_memory)
{
	ck_assert_uint_eq(boot_tables_size(0), (0 + 2 + 5) * PAGE_SIZE);
	ck_assert_uint_eq(boot_tables_size(PAGE_SIZE), (1 + 2 + 5) * PAGE_SIZE);
	ck_assert_uint_eq(boot_tables_size(2 * MIB), (1 + 2 + 5) * PAGE_SIZE);
	ck_assert_uint_eq(boot_tables_size(2 * MIB + PAGE_SIZE), (2 + 2 + 5) * PAGE_SIZE);
	ck_assert_uint_eq(boot_tables_size(GIB), (512 + 2 + 5) * PAGE_SIZE);
	ck_assert_uint_eq(boot_tables_size(GIB + PAGE_SIZE), (513 + 4 + 5) * PAGE_SIZE);
	ck_assert_uint_eq(boot_tables_size(64 * GIB), (32768 + 128 + 5) * PAGE_SIZE);
}
END_TEST

/* 64 GiB in one piece: 128 MiB of tables. */
START_TEST(the_whole_window_can_be_RAM)
{
	struct boot_loader loader = simple(64 * GIB);
	struct boot_plan plan = accept(&loader);

	ck_assert_uint_eq(plan.memory_end, 64 * GIB);
	expect_range(plan.tables, 0xfec00000 - 32901 * PAGE_SIZE, 0xfec00000);
}
END_TEST

START_TEST(too_little_memory_is_refused_with_an_amount_that_would_do)
{
	unsigned long long needed, found;

	for (uint64_t end = 0x101000; end < 16 * MIB; end += 0x35000) {
		struct boot_loader loader = simple(end > 0x300000 ? end : 0x300000);
		const char *error;
		struct boot_plan plan;
		char unused[BOOT_ERROR_MAX];

		if (boot_plan(&loader, image, LIMIT, &plan, unused) == 0) {
			/* 4.5 MiB free, tables, the module, the image with the first MiB */
			ck_assert_uint_ge(end, 9 * MIB / 2 + 10 * PAGE_SIZE + PAGE_SIZE + 0x180000);
			continue;
		}
		error = refuse(&loader, -ENOMEM);
		ck_assert_int_eq(sscanf(error,
					"too little memory: expected at least %llu MiB, found %llu "
					"MiB",
					&needed, &found),
				 2);
		ck_assert_uint_ge(found * MIB + MIB, loader.usable.at[1].end - 0x60000);
		ck_assert_uint_gt(needed, found);
		ck_assert_uint_le(needed, 8);
		loader = simple(needed * MIB);
		accept(&loader);
	}
}
END_TEST

START_TEST(no_memory_at_all_is_too_little)
{
	struct boot_loader loader = { .name = "test" };

	add_module(&loader, "cells", 2 * MIB, 5);
	expect_part(refuse(&loader, -EINVAL), "RAM");
	loader = simple(2 * MIB + 2 * PAGE_SIZE);
	expect_part(refuse(&loader, -ENOMEM), "too little memory");
}
END_TEST

START_TEST(tables_that_fit_only_above_4_GiB_are_refused)
{
	static const struct entry map[] = { { MIB, 2 * MIB, 1 }, { 4 * GIB, 60 * GIB, 1 } };
	struct boot_loader loader = LOADER_OF(map);

	add_module(&loader, "cells", 2 * MIB, 5);
	expect_part(refuse(&loader, -ENOMEM), "expected 131604 KiB below 4 GiB"); /* 32901 pages */
}
END_TEST

/* ---- taking --------------------------------------------------------------------- */

START_TEST(taking_goes_from_the_end_of_the_highest_range_that_holds_it)
{
	struct boot_plan plan = {
		.free = { .at = { { MIB, 3 * MIB }, { 8 * MIB, 9 * MIB }, { 4 * GIB, 8 * GIB } },
			  .n = 3 }
	};

	ck_assert_uint_eq(boot_take(&plan, PAGE_SIZE), 9 * MIB - PAGE_SIZE);
	ck_assert_uint_eq(boot_take(&plan, 1), 9 * MIB - 2 * PAGE_SIZE);
	ck_assert_uint_eq(boot_take(&plan, MIB), 2 * MIB);
	EXPECT_FREE(&plan, { MIB, 2 * MIB }, { 8 * MIB, 9 * MIB - 2 * PAGE_SIZE },
		    { 4 * GIB, 8 * GIB });
	ck_assert_uint_eq(boot_take(&plan, MIB), MIB);
	EXPECT_FREE(&plan, { 8 * MIB, 9 * MIB - 2 * PAGE_SIZE }, { 4 * GIB, 8 * GIB });
	ck_assert_uint_eq(boot_take(&plan, MIB), 0);
	ck_assert_uint_eq(boot_take(&plan, UINT64_MAX), 0);
	ck_assert_uint_eq(boot_take(&plan, 0), 0);
	EXPECT_FREE(&plan, { 8 * MIB, 9 * MIB - 2 * PAGE_SIZE }, { 4 * GIB, 8 * GIB });
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *plan = tcase_create("plan");

	suite_add_tcase(suite, plan);
	tcase_add_test(plan, pc_with_64_MiB_gets_tables_of_39_pages_below_its_module);
	tcase_add_test(plan, pc_with_3_GiB_gets_tables_of_1547_pages);
	tcase_add_test(plan, pc_with_5_GiB_has_free_memory_above_4_GiB_and_tables_below);
	tcase_add_test(plan, microvm_with_64_MiB_is_RAM_to_the_end);
	tcase_add_test(plan, OVMF_with_256_MiB_leaves_five_ranges_and_a_module_in_the_first_MiB);
	tcase_add_test(plan, ranges_that_are_empty_or_end_before_they_start_count_for_nothing);
	tcase_add_test(plan, what_is_taken_wins_over_RAM_in_any_order);
	tcase_add_test(plan, RAM_is_cut_to_whole_pages_after_it_was_joined);
	tcase_add_test(plan, memory_above_the_limit_is_not_used);
	tcase_add_test(plan, the_20_MiB_below_4_GiB_are_never_RAM);
	tcase_add_test(plan, of_many_ranges_the_largest_become_regions);
	tcase_add_test(plan, a_module_may_lie_anywhere_in_RAM_but_in_the_null_page);
	tcase_add_test(plan, a_module_in_reserved_memory_is_refused);
	tcase_add_test(plan, a_module_above_4_GiB_or_the_limit_is_refused);
	tcase_add_test(plan, a_module_without_content_is_refused);
	tcase_add_test(plan, a_module_that_shares_a_page_with_the_image_is_refused);
	tcase_add_test(plan, modules_that_share_a_page_are_refused);
	tcase_add_test(plan, without_a_module_the_sentence_says_how_to_bring_one);
	tcase_add_test(plan, the_only_module_and_one_without_a_name_are_the_cells);
	tcase_add_test(plan, two_modules_of_one_name_are_refused);
	tcase_add_test(plan, tables_cover_all_addresses_up_to_the_end_of_memory);
	tcase_add_test(plan, the_whole_window_can_be_RAM);
	tcase_add_test(plan, too_little_memory_is_refused_with_an_amount_that_would_do);
	tcase_add_test(plan, no_memory_at_all_is_too_little);
	tcase_add_test(plan, tables_that_fit_only_above_4_GiB_are_refused);
	tcase_add_test(plan, taking_goes_from_the_end_of_the_highest_range_that_holds_it);
	return tap_run(suite);
}
