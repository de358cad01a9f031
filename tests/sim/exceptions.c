/* SPDX-License-Identifier: MIT */
/*
 * Check knows no skipped tests: an excused one runs empty, and its line of the
 * report is completed here.
 */
#include "exceptions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXCUSED_MAX 32

struct excused {
	TTest test;
	char reason[160];
};

static struct excused list[EXCUSED_MAX];
static size_t n_excused;

static const char *machine(void)
{
	const char *name = getenv("CLEW_MACHINE");

	return name ? name : "hosted";
}

bool exceptions_is_pc(void)
{
	return strcmp(machine(), "pc") == 0;
}

static void nothing(int unused)
{
	(void)unused;
}

/* Where `file` ends with the folder and name that the exception gives. */
static bool is_file(const char *path, const char *file)
{
	size_t length = strlen(path), end = strlen(file);

	return length >= end && strcmp(path + length - end, file) == 0;
}

/* Whether the line excuses the test; ret_reason as large as in struct excused. */
static bool excuses(const char *line, const TTest *test, char *ret_reason)
{
	char where[16], file[64], name[128], reason[160];

	if (sscanf(line, "%15[^ #] %63s %127[^:]: %159[^\n]", where, file, name, reason) != 4)
		return false;
	if (strcmp(where, machine()) != 0 || !is_file(test->file, file) ||
	    strcmp(name, test->name) != 0)
		return false;
	strcpy(ret_reason, reason);
	return true;
}

static bool find(const TTest *test, char *ret_reason)
{
	FILE *file = fopen(getenv("CLEW_EXCEPTIONS"), "re");
	char line[512];
	bool found = false;

	if (!file) {
		perror("CLEW_EXCEPTIONS");
		exit(1);
	}
	while (!found && fgets(line, sizeof(line), file))
		found = excuses(line, test, ret_reason);
	fclose(file);
	return found;
}

void exceptions_add(TCase *tcase, const TTest *test)
{
	struct excused *excused = &list[n_excused];

	if (n_excused < EXCUSED_MAX && find(test, excused->reason)) {
		n_excused++;
		excused->test = *test;
		excused->test.fn = nothing;
		test = &excused->test;
	}
	tcase_add_test(tcase, test);
}

/* Lines end in "FILE:CASE:TEST: MESSAGE". */
static void report(char *line)
{
	char name[160];

	line[strcspn(line, "\n")] = 0;
	printf("%s", line);
	for (size_t i = 0; i < n_excused; i++) {
		snprintf(name, sizeof(name), ":%s:", list[i].test.name);
		if (strstr(line, name))
			printf(" # SKIP %s", list[i].reason);
	}
	printf("\n");
}

int exceptions_tap_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	char path[] = "/tmp/clew-tap-XXXXXX", line[4096];
	int fd = mkstemp(path), failed;
	FILE *file;

	srunner_set_tap(runner, path);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	file = fdopen(fd, "r");
	while (file && fgets(line, sizeof(line), file))
		report(line);
	unlink(path);
	return !file || failed != 0;
}
