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

#include "agreement.h"
#include "file.h"
#include "oracle.h"
#include "tap.h"

static char **paths;
static int n_paths;

static void compare(const char *name, const void *bytes, size_t size)
{
	struct agreement agreement;

	ck_assert_msg(agreement_check(name, bytes, size, &agreement) == AGREEMENT_SAME, "%s: %s",
		      name, agreement.text);
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
