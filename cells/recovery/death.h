/* SPDX-License-Identifier: MIT */
/*
 * The end of the system: a fault that no task can be ended for.  A report on
 * the machine's log, then the machine stops.
 */
#ifndef RECOVERY_DEATH_H
#define RECOVERY_DEATH_H

#include <stdint.h>

#include "unwind/unwind.h"

/* *deaths counts the reports begun: one that fails says less the next time. */
_Noreturn void death(uint32_t *deaths, const char *cause, const struct unwind_cursor *cursor,
		     const struct unwind_stack *stack);

#endif
