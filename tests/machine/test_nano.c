/* SPDX-License-Identifier: MIT */
/*
 * The archive, and nano_core on its way out of it.  Physical memory is a file
 * mapped twice, as window and as alias, so that what was linked can be called
 * where it was linked for.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/tar.h"
#include "machine/pc/boot/boot.h"
#include "machine/pc/memory.h"
#include "machine/pc/pc.h"
#include "tap.h"

#define BLOCK 512ul
#define ARCHIVE_MAX (1ul << 20)
#define MEMORY (4ul << 20)
#define FREE_START 0x100000ul
#define STACK_PAGES 16
#define GARBAGE 0x5a

struct pc pc;

static const char *object_path;
static uint8_t archive[ARCHIVE_MAX] __attribute__((aligned(4096)));
static size_t archive_size;
static jmp_buf failed;
static char sentence[512];
static int map_result;
static struct machine_symbol symbols[2];

/* ---- what the boot code stands on ------------------------------------------------ */

_Noreturn void boot_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	longjmp(failed, 1);
}

int memory_map(uintptr_t va, size_t pages, enum machine_prot prot)
{
	static const int host[] = {
		[MACHINE_R] = PROT_READ,
		[MACHINE_RW] = PROT_READ | PROT_WRITE,
		[MACHINE_RX] = PROT_READ | PROT_EXEC,
	};

	ck_assert(va >= PC_WINDOW + FREE_START && va + pages * PAGE_SIZE <= PC_WINDOW + MEMORY);
	if (map_result == 0)
		ck_assert_int_eq(mprotect((void *)va, pages * PAGE_SIZE, host[prot]), 0);
	return map_result;
}

static void *map(uintptr_t at, int prot, int fd)
{
	void *mapped = mmap((void *)at, MEMORY, prot, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);

	ck_assert_ptr_eq(mapped, (void *)at);
	return mapped;
}

/* Memory that was never cleared. */
static void make_memory(void)
{
	int fd = memfd_create("physical", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, MEMORY), 0);
	map(PC_WINDOW, PROT_NONE, fd);
	memset(map(PC_ALIAS, PROT_READ | PROT_WRITE, fd), GARBAGE, MEMORY);
	close(fd);
}

/* ---- archives --------------------------------------------------------------------- */

/* A header as POSIX lays it out. */
static void add_member(const char *name, const void *bytes, size_t size)
{
	uint8_t *header = archive + archive_size;
	unsigned int sum = 0;

	ck_assert_uint_lt(archive_size + 4 * BLOCK + size, sizeof(archive));
	memset(header, 0, BLOCK);
	snprintf((char *)header, 100, "%s", name);
	snprintf((char *)header + 124, 12, "%011zo", size);
	header[156] = '0';
	memcpy(header + 257,
	       "ustar\0"
	       "00",
	       8);
	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);
	memcpy(header + BLOCK, bytes, size);
	archive_size += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
}

static void add_module(const char *name, const void *start, size_t size)
{
	struct machine_module *module = &pc.info.modules[pc.info.n_modules++];

	snprintf(module->name, sizeof(module->name), "%s", name);
	module->start = start;
	module->size = size;
}

static void add_object(const char *name)
{
	static uint8_t bytes[ARCHIVE_MAX];
	FILE *file = fopen(object_path, "rb");
	size_t size;

	ck_assert_ptr_nonnull(file);
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	add_member(name, bytes, size);
}

static int find(const char *name, struct tar_member *ret)
{
	return boot_find_member(archive, archive_size, name, ret, sentence);
}

START_TEST(a_member_is_found_by_its_path)
{
	struct tar_member member;

	add_member("a", "one", 3);
	add_member("folder/a", "three", 5);
	add_member("b", "", 0);
	ck_assert_int_eq(find("folder/a", &member), 0);
	ck_assert_uint_eq(member.size, 5);
	ck_assert_mem_eq(member.bytes, "three", 5);
	ck_assert_int_eq(find("b", &member), 0);
	ck_assert_uint_eq(member.size, 0);
	ck_assert_int_eq(find("c", &member), -ENOENT);
	ck_assert_str_eq(sentence, "cells.tar: expected a member c, found none in 2560 bytes");
	archive_size = 0;
	ck_assert_int_eq(find("c", &member), -ENOENT);
}
END_TEST

static void expect_damage(const char *text)
{
	struct tar_member member = { .size = 7 };

	ck_assert_int_eq(find("a", &member), -EBADMSG);
	ck_assert_str_eq(sentence, text);
	ck_assert_uint_eq(member.size, 7);
}

START_TEST(damage_is_named_with_its_place_even_behind_the_member)
{
	add_member("a", "one", 3);
	add_member("b", "two", 3);
	archive[2 * BLOCK + 257] = '\n';
	expect_damage(
		"cells.tar, after a, byte 1024 of 2048: expected a tar header (\"ustar\"), found "
		"\"?star\"");
	archive[2 * BLOCK + 257] = 'u';
	archive[2 * BLOCK] = 'c';
	ck_assert_int_eq(find("c", &(struct tar_member){ 0 }), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(sentence, "after a, byte 1024 of 2048: expected a size and a "
					       "checksum that fit, found 00000000003 and 0"));
	archive[2 * BLOCK] = 'b';
	archive_size -= BLOCK;
	ck_assert_int_eq(find("b", &(struct tar_member){ 0 }), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(sentence, "byte 1024 of 1536: expected a size"));
	archive[0] = 'c';
	ck_assert_int_eq(find("a", &(struct tar_member){ 0 }), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(sentence, "cells.tar, first member, byte 0 of "));
}
END_TEST

START_TEST(the_longest_names_and_sizes_leave_the_sentence_whole)
{
	char name[100];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	add_member(name, "", 0);
	add_member("b", "", 0);
	archive[BLOCK + 148] ^= 1;
	ck_assert_int_eq(find("a", &(struct tar_member){ 0 }), -EBADMSG);
	ck_assert_uint_lt(strlen(sentence), BOOT_ERROR_MAX - 1);
	ck_assert_ptr_nonnull(strstr(sentence, " and 1"));
}
END_TEST

/* ---- the script --------------------------------------------------------------------- */

static bool find_script(void)
{
	if (setjmp(failed) != 0)
		return false;
	boot_find_members();
	return true;
}

START_TEST(the_script_of_the_archive_becomes_a_module)
{
	add_member("a", "one", 3);
	add_member("boot/script", "mem; ps", 7);
	add_module("cells", archive, archive_size);
	ck_assert(find_script());
	ck_assert_uint_eq(pc.info.n_modules, 2);
	ck_assert_str_eq(pc.info.modules[1].name, "script");
	ck_assert_uint_eq(pc.info.modules[1].size, 7);
	ck_assert_ptr_eq(pc.info.modules[1].start, archive + 3 * BLOCK);
}
END_TEST

START_TEST(the_files_of_the_archive_become_a_module_behind_the_script)
{
	add_member("boot/files", "an archive", 10);
	add_member("boot/script", "ls", 2);
	add_module("cells", archive, archive_size);
	ck_assert(find_script());
	ck_assert_uint_eq(pc.info.n_modules, 3);
	ck_assert_str_eq(pc.info.modules[1].name, "script");
	ck_assert_str_eq(pc.info.modules[2].name, "files");
	ck_assert_uint_eq(pc.info.modules[2].size, 10);
	ck_assert_ptr_eq(pc.info.modules[2].start, archive + BLOCK);
}
END_TEST

START_TEST(without_one_or_with_the_loaders_nothing_is_added)
{
	add_member("a", "one", 3);
	add_module("cells", archive, archive_size);
	ck_assert(find_script());
	ck_assert_uint_eq(pc.info.n_modules, 1);
	add_member("boot/script", "mem; ps", 7);
	pc.info.modules[0].size = archive_size;
	add_module("script", "uptime", 6);
	ck_assert(find_script());
	ck_assert_uint_eq(pc.info.n_modules, 2);
	ck_assert_uint_eq(pc.info.modules[1].size, 6);
	pc.info.n_modules = 0;
	ck_assert(find_script());
	ck_assert_uint_eq(pc.info.n_modules, 0);
}
END_TEST

START_TEST(a_script_without_a_place_or_a_damaged_archive_ends_the_boot)
{
	add_member("boot/script", "mem; ps", 7);
	add_module("cells", archive, archive_size);
	for (int i = 1; i < MACHINE_MODULES_MAX; i++)
		add_module("other", archive, 0);
	ck_assert(!find_script());
	ck_assert_str_eq(sentence, "cells.tar, member boot/script: expected room for one module "
				   "more, found 4 modules");
	pc.info.n_modules = 1;
	archive[257] = 0;
	ck_assert(!find_script());
	ck_assert_ptr_nonnull(strstr(sentence, "cells.tar, first member, byte 0 of "));
}
END_TEST

/* ---- nano_core ------------------------------------------------------------------------ */

static struct boot_plan plan_of(uint64_t start, uint64_t end)
{
	return (struct boot_plan){ .free = { .at = { { start, end } }, .n = 1 } };
}

/* The symbol that the table lacks to begin with. */
static int strong(int a)
{
	return 2 * a;
}

static void start(void)
{
	make_memory();
	symbols[0] = (struct machine_symbol){ "bound_strong", (uintptr_t)strong };
	pc.info.symbols = symbols;
	pc.info.n_symbols = 1;
	add_member("frame.o", "not looked at", 13);
	add_object("nano_core.o");
	add_module("cells", archive, archive_size);
}

static bool link_nano_core(struct boot_plan *plan, struct boot_nano *ret)
{
	if (setjmp(failed) != 0)
		return false;
	boot_link_nano_core(plan, ret);
	return true;
}

static bool holds_only(uint64_t start_at, uint64_t end, uint8_t byte)
{
	const uint8_t *at = pc_alias(start_at);

	for (uint64_t i = 0; i < end - start_at; i++) {
		if (at[i] != byte)
			return false;
	}
	return true;
}

/* Zeroes where linking was, and beyond that what was there before. */
static void expect_zeroes_then_garbage(uint64_t start_at, uint64_t end)
{
	uint64_t at = start_at;

	while (at < end && holds_only(at, at + 1, 0))
		at++;
	ck_assert_uint_gt(at, start_at);
	ck_assert(holds_only(at, end, GARBAGE));
}

START_TEST(nano_core_is_linked_at_the_end_of_memory_and_runs)
{
	struct boot_plan plan = plan_of(FREE_START, MEMORY);
	struct boot_nano nano;

	ck_assert(link_nano_core(&plan, &nano));
	ck_assert_uint_eq(nano.range.end, MEMORY);
	ck_assert_uint_eq(plan.free.n, 1);
	ck_assert_uint_eq(plan.free.at[0].start, FREE_START);
	ck_assert_uint_eq(plan.free.at[0].end, nano.range.start);
	/* Text, constants of 8,000 bytes, data of 20,012 and the stack, in whole pages. */
	ck_assert_uint_ge(nano.range.end - nano.range.start, (1 + 2 + 5 + STACK_PAGES) * PAGE_SIZE);
	ck_assert(holds_only(MEMORY - STACK_PAGES * PAGE_SIZE, MEMORY, 0));
	memset((void *)(PC_WINDOW + MEMORY - STACK_PAGES * PAGE_SIZE), 1, STACK_PAGES * PAGE_SIZE);
	/* What bound.c says: strong twice, data added to zeroes, the last constant. */
	ck_assert_int_eq(((int (*)(int))nano.entry)(7), 14 + 14 + 30 + 1000);
	expect_zeroes_then_garbage(FREE_START, nano.range.start);
	ck_assert(holds_only(0, FREE_START, GARBAGE));
}
END_TEST

START_TEST(linking_borrows_of_the_largest_range_and_stays_in_the_highest)
{
	struct boot_plan plan = { .free = { .n = 2 } };
	struct boot_nano nano;

	plan.free.at[0] = (struct boot_range){ FREE_START, 3ul << 20 };
	plan.free.at[1] = (struct boot_range){ (3ul << 20) + PAGE_SIZE, MEMORY };
	ck_assert(link_nano_core(&plan, &nano));
	ck_assert_uint_eq(nano.range.end, MEMORY);
	expect_zeroes_then_garbage(FREE_START, 3ul << 20);
	ck_assert(holds_only(3ul << 20, nano.range.start, GARBAGE));
	ck_assert_int_eq(((int (*)(int))nano.entry)(7), 14 + 14 + 30 + 1000);
}
END_TEST

/* Page by page: too little is said, enough is enough, and nothing else is ever touched. */
START_TEST(too_little_memory_is_said_and_no_byte_outside_is_written)
{
	const uint64_t low = 0x200000;
	uint64_t pages = 0;
	bool done = false;

	for (; !done; pages++) {
		struct boot_plan plan = plan_of(low, low + pages * PAGE_SIZE);
		struct boot_nano nano;

		plan.free.n = pages > 0;
		done = link_nano_core(&plan, &nano);
		ck_assert(holds_only(0, low, GARBAGE));
		ck_assert(holds_only(low + pages * PAGE_SIZE, MEMORY, GARBAGE));
		if (!done)
			ck_assert_msg(strncmp(sentence, "nano_core.o: not enough memory", 30) == 0,
				      "%s", sentence);
		else
			ck_assert_int_eq(((int (*)(int))nano.entry)(7), 14 + 14 + 30 + 1000);
		munmap((void *)PC_WINDOW, MEMORY);
		munmap((void *)PC_ALIAS, MEMORY);
		make_memory();
	}
	/* The image with its stack, and what it takes to link it: the image again and tables. */
	ck_assert_uint_gt(pages, 1 + 2 + 5 + STACK_PAGES);
	ck_assert_uint_lt(pages, 100);
}
END_TEST

static void expect_failure(const char *text)
{
	struct boot_plan plan = plan_of(FREE_START, MEMORY);
	struct boot_nano nano;

	ck_assert(!link_nano_core(&plan, &nano));
	ck_assert_str_eq(sentence, text);
}

START_TEST(an_undefined_symbol_is_named)
{
	pc.info.n_symbols = 0;
	expect_failure("nano_core.o, symbol bound_strong: undefined symbol: expected a function of "
		       "machine.h, found bound_strong (error 8)");
}
END_TEST

START_TEST(an_archive_or_a_member_that_is_missing_or_damaged_is_named)
{
	archive[BLOCK + BLOCK] = 'N';
	ck_assert(!link_nano_core(&(struct boot_plan){ 0 }, &(struct boot_nano){ 0 }));
	ck_assert_ptr_nonnull(strstr(sentence, "cells.tar, after frame.o, byte 1024 of "));
	pc.info.modules[0].size = 2 * BLOCK;
	expect_failure("cells.tar: expected a member nano_core.o, found none in 1024 bytes");
	pc.info.modules[0].name[0] = 'C';
	expect_failure("expected a module \"cells\" (cells.tar: QEMU's -initrd, GRUB's module2), "
		       "found 1 modules of other names");
}
END_TEST

START_TEST(a_damaged_object_is_named_with_the_place)
{
	archive[3 * BLOCK] = 0;
	ck_assert(!link_nano_core(&(struct boot_plan){ 0 }, &(struct boot_nano){ 0 }));
	ck_assert_msg(strncmp(sentence, "nano_core.o, offset 0x0: ", 25) == 0, "%s", sentence);
}
END_TEST

START_TEST(a_permission_that_is_refused_is_said)
{
	struct boot_plan plan = plan_of(FREE_START, MEMORY);

	map_result = -ENOMEM;
	ck_assert(!link_nano_core(&plan, &(struct boot_nano){ 0 }));
	ck_assert_ptr_nonnull(strstr(sentence, "found a refusal (error 12)"));
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("nano");
	TCase *member = tcase_create("archive"), *nano = tcase_create("nano_core");

	if (argc != 2)
		return 2;
	object_path = argv[1];
	tcase_add_test(member, a_member_is_found_by_its_path);
	tcase_add_test(member, damage_is_named_with_its_place_even_behind_the_member);
	tcase_add_test(member, the_longest_names_and_sizes_leave_the_sentence_whole);
	tcase_add_test(member, the_script_of_the_archive_becomes_a_module);
	tcase_add_test(member, the_files_of_the_archive_become_a_module_behind_the_script);
	tcase_add_test(member, without_one_or_with_the_loaders_nothing_is_added);
	tcase_add_test(member, a_script_without_a_place_or_a_damaged_archive_ends_the_boot);
	suite_add_tcase(suite, member);
	tcase_set_timeout(nano, 60);
	tcase_add_checked_fixture(nano, start, NULL);
	tcase_add_test(nano, nano_core_is_linked_at_the_end_of_memory_and_runs);
	tcase_add_test(nano, linking_borrows_of_the_largest_range_and_stays_in_the_highest);
	tcase_add_test(nano, too_little_memory_is_said_and_no_byte_outside_is_written);
	tcase_add_test(nano, an_undefined_symbol_is_named);
	tcase_add_test(nano, an_archive_or_a_member_that_is_missing_or_damaged_is_named);
	tcase_add_test(nano, a_damaged_object_is_named_with_the_place);
	tcase_add_test(nano, a_permission_that_is_refused_is_said);
	suite_add_tcase(suite, nano);
	return tap_run(suite);
}
