/* SPDX-License-Identifier: MIT */
/*
 * Runs the `clew` command as a child and collects what it says.
 */
#ifndef TESTS_SIM_PROGRAM_H
#define TESTS_SIM_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

#define PROGRAM_ARGUMENTS_MAX 24

struct program {
	pid_t pid;
	int in, out, err; /* pipes; in is -1 once closed */
};

struct program_result {
	int status; /* exit status, or 128 + signal */
	char out[1 << 19];
	size_t out_size;
	char err[1 << 14];
};

/* Arguments after the program's name, NULL at the end; fails the test when it cannot start. */
void program_start(struct program *program, const char *const *arguments);

/* Writes to the program's standard input (NULL: nothing), closes it, reads until the end. */
void program_finish(struct program *program, const char *input, struct program_result *ret);

/* program_start and program_finish. */
void program_run(const char *const *arguments, const char *input, struct program_result *ret);

/* Reads standard output until it contains the text; fails the test at its end. */
void program_expect(struct program *program, const char *text);

#endif
