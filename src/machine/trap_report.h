/* SPDX-License-Identifier: MIT */
/*
 * A trap that nobody could take, in words, the same on every machine.
 * Freestanding; allocates nothing.
 */
#ifndef MACHINE_TRAP_REPORT_H
#define MACHINE_TRAP_REPORT_H

#include <clew/trap.h>

/* A line of last words, by printf's rules. */
typedef void trap_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says why, which vector it was, and the registers. */
void trap_report(trap_say *say, const struct trap_frame *frame, const char *why);

#endif
