/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: words to the terminal, and exits from anywhere.
 *
 * Everything here may be called from a signal handler: no allocation, no
 * lock, no stdio.
 */
#ifndef SIM_DEATH_H
#define SIM_DEATH_H

#include <clew/machine.h>

/* One line "clew: ..." on standard error, after what the system has printed. */
void death_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reports, puts the terminal back, writes what is buffered, exits with the status. */
_Noreturn void death_exit(enum machine_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A trap that nobody could take: reports the registers and exits with MACHINE_DIED. */
_Noreturn void death_trap(enum machine_status status, const struct trap_frame *frame,
			  const char *why);

/* What death_exit and a clean halt have in common; the order matters. */
void death_put_back(void);

#endif
