/* SPDX-License-Identifier: MIT */
/*
 * Ending the calling task on a broken invariant of its own.
 *
 * These are calls, not traps: gcc gives a landing pad to the caller of a
 * function that may throw, and none to __builtin_trap().  Provided by the
 * cell `recovery`; the task is unwound, its cleanups run.
 */
#ifndef CLEW_PANIC_H
#define CLEW_PANIC_H

_Noreturn void panic(const char *what);
_Noreturn void panic_assert(const char *expression, const char *file, int line);

#define assert(expression) ((expression) ? (void)0 : panic_assert(#expression, __FILE__, __LINE__))

#endif
