/* SPDX-License-Identifier: MIT */
/*
 * Runs a suite of Check's and prints TAP, so that meson counts its tests.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <check.h>

/* What main() returns. */
static inline int tap_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
