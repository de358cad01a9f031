/* SPDX-License-Identifier: MIT */
/*
 * `clew run`: options, start and end of a machine.
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include <stddef.h>

#include <clew/machine.h>

/* Exit statuses; 0, 1, 3 and 4 are those of enum machine_status. */
#define RUN_USAGE 2

int run_command(int argc, char **argv);

/* The implementations of machine.h. */
void run_idle(void);
void run_log(const char *text, size_t size);
_Noreturn void run_halt(enum machine_status status);

#endif
