/* SPDX-License-Identifier: MIT */
/*
 * For the tests of tasks: what happened in which order, as text; owners that
 * say when they are released; what there is before a test and again after it.
 */
#ifndef TESTS_TASK_JOURNAL_H
#define TESTS_TASK_JOURNAL_H

#include <stdint.h>
#include <stdio.h>

#include <clew/own.h>
#include <clew/task.h>

#include "machine.h"

static char journal[8192];
static size_t journal_size;

static inline void note(const char *text)
{
	journal_size += (size_t)snprintf(journal + journal_size, sizeof(journal) - journal_size,
					 "%s%s", journal_size > 0 ? " " : "", text);
}

#define check_journal(expected) \
	do { \
		ck_assert_str_eq(journal, (expected)); \
		journal_size = 0; \
		journal[0] = 0; \
	} while (0)

/* An owner of a letter: notes "-x" when x is released. */
OWNER(letter);

static inline void letter_cleanup(letter *place)
{
	char text[] = { '-', (char)place->word, 0 };

	if (place->word != 0)
		note(text);
	place->word = 0;
}

/* Joins and checks how the task ended. */
#define check_end(handle, kind, number) \
	do { \
		struct task_exit exit_; \
		ck_assert_int_eq(task_join((handle), WAIT_FOREVER, &exit_), 0); \
		ck_assert_int_eq((int)exit_.end, (int)(kind)); \
		ck_assert_int_eq(exit_.value, (number)); \
	} while (0)

static uint64_t frames_before;

static inline void start(void)
{
	start_system();
	frames_before = frames_used();
}

/* All that tasks had since start() is back, and interrupts are on. */
static inline void check_all_is_back(void)
{
	struct task_info info;

	ck_assert_uint_eq(frames_used(), frames_before);
	ck_assert_uint_eq(namespace_references(), 2); /* the root's and the first task's */
	ck_assert(interrupts_on());
	ck_assert_int_eq(task_next(1, &info), -ENOENT);
}

#endif
