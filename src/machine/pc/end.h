/* SPDX-License-Identifier: MIT */
/* Words to the outside, and the end of the pc machine. */
#ifndef PC_END_H
#define PC_END_H

#include <clew/machine.h>

/* The implementations of machine.h. */
void end_log(const char *text, size_t size);
void end_trace(const char *text, size_t size);
_Noreturn void end_halt(enum machine_status status);

/* One line "clew: ..." to the log. */
void end_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A trap that nobody could take: reports the registers and halts with the status. */
_Noreturn void end_trap(enum machine_status status, const struct trap_frame *frame,
			const char *why);

/* A demand on the machine that it cannot meet: reports and halts with MACHINE_DIED. */
_Noreturn void end_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
