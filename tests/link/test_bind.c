/* SPDX-License-Identifier: MIT */
/*
 * One object linked against one table.  Whether it was linked right the CPU
 * says: the object is put where it was linked for, and called.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "linking.h"
#include "link/bind.h"
#include "tap.h"

#define AT 0x200000000000ul
#define ALLOCATIONS_MAX 16

typedef int bound_function(int a);

static const char *object_path;
static struct linking file; /* for its bytes */
static void *allocated[ALLOCATIONS_MAX];
static size_t n_allocated, fail_at;

static int strong(int a)
{
	return 2 * a;
}

static int weak(int a)
{
	return -a;
}

static struct machine_symbol table[2];

static void start(void)
{
	ck_assert_int_eq(linking_open(&file, object_path), 0);
	table[0] = (struct machine_symbol){ "bound_strong", (uintptr_t)strong };
	table[1] = (struct machine_symbol){ "bound_weak", (uintptr_t)weak };
	fail_at = 0;
}

static void release(void)
{
	while (n_allocated > 0)
		free(allocated[--n_allocated]);
}

static void finish(void)
{
	release();
	linking_close(&file);
}

static void *allocate(void *context, size_t size)
{
	ck_assert_ptr_eq(context, table);
	ck_assert_uint_gt(size, 0);
	if (n_allocated + 1 == fail_at)
		return NULL;
	ck_assert_uint_lt(n_allocated, ALLOCATIONS_MAX);
	allocated[n_allocated] = calloc(1, size);
	ck_assert_ptr_nonnull(allocated[n_allocated]);
	return allocated[n_allocated++];
}

static int bind_open(struct link_bind *bind, struct diag *reterr)
{
	return link_bind_open(bind, "bound.o", file.bytes, file.size, allocate, table, reterr);
}

static int bind_against(struct link_bind *bind, size_t n, const char *entry, uintptr_t *ret,
			struct diag *reterr)
{
	int r = bind_open(bind, reterr);

	return r == 0 ? link_bind_at(bind, AT, table, n, entry, ret, reterr) : r;
}

static void put(const struct link_bind *bind)
{
	static const int host[] = {
		[MACHINE_R] = PROT_READ,
		[MACHINE_RW] = PROT_READ | PROT_WRITE,
		[MACHINE_RX] = PROT_READ | PROT_EXEC,
	};

	ck_assert_ptr_eq(mmap((void *)AT, bind->pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
			 (void *)AT);
	for (size_t i = 0; i < LINK_POOLS; i++) {
		void *base = (void *)bind->object.base[i];
		size_t pages = link_bind_pool_pages(bind, i);

		if (pages == 0)
			continue;
		memcpy(base, bind->object.image[i], bind->object.size[i]);
		ck_assert_int_eq(mprotect(base, pages * PAGE_SIZE, host[link_bind_prot(i)]), 0);
	}
}

/* ---- what is linked ------------------------------------------------------------------ */

START_TEST(a_linked_object_runs_with_the_functions_of_the_table)
{
	struct link_bind bind;
	struct diag diag;
	uintptr_t entry;

	ck_assert_int_eq(bind_against(&bind, 1, "bound_entry", &entry, &diag), 0);
	put(&bind);
	/* strong twice, data added to zeroes once and twice, the last constant */
	ck_assert_int_eq(((bound_function *)entry)(7), 14 + 14 + 30 + 1000);
	ck_assert_int_eq(((bound_function *)entry)(8), 16 + 16 + 60 + 1000);
}
END_TEST

START_TEST(a_weak_symbol_is_called_when_the_table_has_it)
{
	struct link_bind bind;
	struct diag diag;
	uintptr_t entry;

	ck_assert_int_eq(bind_against(&bind, 2, "bound_entry", &entry, &diag), 0);
	put(&bind);
	ck_assert_int_eq(((bound_function *)entry)(7), -7);
}
END_TEST

START_TEST(pools_lie_one_after_the_other_in_whole_pages)
{
	static const enum machine_prot expected[LINK_POOLS] = {
		[LINK_TEXT] = MACHINE_RX,
		[LINK_CONST] = MACHINE_R,
		[LINK_DATA] = MACHINE_RW,
		[LINK_STATE] = MACHINE_RW,
	};
	uintptr_t at = AT, entry;
	struct link_bind bind;
	struct diag diag;

	ck_assert_int_eq(bind_against(&bind, 2, "bound_entry", &entry, &diag), 0);
	for (size_t i = 0; i < LINK_POOLS; i++) {
		size_t pages = link_bind_pool_pages(&bind, i);

		ck_assert_int_eq(link_bind_prot(i), expected[i]);
		ck_assert_uint_eq(bind.object.base[i], at);
		ck_assert_uint_ge(pages * PAGE_SIZE, bind.object.size[i]);
		ck_assert_uint_lt(pages * PAGE_SIZE, bind.object.size[i] + PAGE_SIZE);
		at += pages * PAGE_SIZE;
	}
	ck_assert_uint_eq(at, AT + bind.pages * PAGE_SIZE);
	ck_assert(entry >= AT && entry < bind.object.base[LINK_CONST]);
	/* 8,000 bytes of constants and 20,012 of data and zeroes take pages of their own. */
	ck_assert_uint_ge(link_bind_pool_pages(&bind, LINK_CONST), 2);
	ck_assert_uint_ge(link_bind_pool_pages(&bind, LINK_DATA), 5);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------ */

static void expect_refusal(size_t n, const char *entry, const char *what, const char *expected,
			   const char *found)
{
	uintptr_t untouched = 1;
	struct link_bind bind;
	struct diag diag;

	ck_assert_int_eq(bind_against(&bind, n, entry, &untouched, &diag), -ENOEXEC);
	ck_assert_str_eq(diag.cell, "bound.o");
	ck_assert_str_eq(diag.what, what);
	ck_assert_str_eq(diag.expected, expected);
	ck_assert_str_eq(diag.found, found);
	ck_assert_uint_eq(untouched, 1);
}

START_TEST(an_undefined_symbol_is_refused_with_its_name)
{
	expect_refusal(0, "bound_entry", "undefined symbol", "a function of machine.h",
		       "bound_strong");
}
END_TEST

START_TEST(an_entry_that_is_missing_or_undefined_or_no_code_is_refused)
{
	static const char *const entries[] = { "bound_other", "bound_strong", "bound_data" };

	expect_refusal(2, entries[_i], "no entry", entries[_i], "no such symbol");
}
END_TEST

START_TEST(a_truncated_object_is_refused)
{
	struct link_bind bind;
	struct diag diag;

	file.size -= 1;
	ck_assert_int_eq(bind_open(&bind, &diag), -EBADMSG);
	ck_assert_str_eq(diag.cell, "bound.o");
}
END_TEST

START_TEST(each_allocation_may_fail_and_nothing_is_handed_out)
{
	uintptr_t entry = 1;
	struct link_bind bind;
	struct diag diag;
	size_t k = 1;

	for (;; k++) {
		int r;

		fail_at = k;
		r = bind_against(&bind, 2, "bound_entry", &entry, &diag);
		release();
		if (r == 0)
			break;
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_str_eq(diag.what, "not enough memory to link");
		ck_assert_uint_eq(entry, 1);
	}
	/* Sections, symbols, three images, words. */
	ck_assert_uint_eq(k, 7);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("bind");
	TCase *linked = tcase_create("linked"), *refused = tcase_create("refused");

	if (argc != 2)
		return 2;
	object_path = argv[1];
	tcase_add_checked_fixture(linked, start, finish);
	tcase_add_test(linked, a_linked_object_runs_with_the_functions_of_the_table);
	tcase_add_test(linked, a_weak_symbol_is_called_when_the_table_has_it);
	tcase_add_test(linked, pools_lie_one_after_the_other_in_whole_pages);
	suite_add_tcase(suite, linked);
	tcase_add_checked_fixture(refused, start, finish);
	tcase_add_test(refused, an_undefined_symbol_is_refused_with_its_name);
	tcase_add_loop_test(refused, an_entry_that_is_missing_or_undefined_or_no_code_is_refused, 0,
			    3);
	tcase_add_test(refused, a_truncated_object_is_refused);
	tcase_add_test(refused, each_allocation_may_fail_and_nothing_is_handed_out);
	suite_add_tcase(suite, refused);
	return tap_run(suite);
}
