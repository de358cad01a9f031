/* SPDX-License-Identifier: MIT */
/*
 * Tests that one machine is excused from: tests/exceptions.txt says which and why.
 *
 * $CLEW_MACHINE is "hosted" or "pc", $CLEW_EXCEPTIONS the file.
 */
#ifndef TESTS_SIM_EXCEPTIONS_H
#define TESTS_SIM_EXCEPTIONS_H

#include <check.h>
#include <stdbool.h>

bool exceptions_is_pc(void);

/* Adds the test; an excused one is added without its content. */
void exceptions_add(TCase *tcase, const TTest *test);

/* As tap_run(); what was excused is marked as skipped, with the reason. */
int exceptions_tap_run(Suite *suite);

#endif
