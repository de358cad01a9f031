/* SPDX-License-Identifier: MIT */
/* A step by the program of a row, and by the row alone where it has the common form. */
#ifndef TESTS_UNWIND_BOTH_H
#define TESTS_UNWIND_BOTH_H

#include <check.h>

#include "unwind/unwind.h"

static inline int step_both(struct unwind_cursor *cursor, const struct unwind_entry *entry,
			    const struct unwind_stack *stack)
{
	struct unwind_cursor plainly = *cursor;
	struct unwind_plain row;
	bool is_plain = entry && unwind_plain_of(cursor, entry, &row);
	int r = unwind_step(cursor, entry, stack);

	if (!is_plain)
		return r;
	ck_assert_int_eq(unwind_step_plain(&plainly, &row, stack), r);
	ck_assert_mem_eq(plainly.registers, cursor->registers, sizeof(plainly.registers));
	ck_assert_uint_eq(plainly.cfa, cursor->cfa);
	ck_assert_int_eq(plainly.exact, cursor->exact);
	return r;
}

#endif
