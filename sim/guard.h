/* SPDX-License-Identifier: MIT */
/*
 * System calls from inside the window do not reach the host.
 */
#ifndef SIM_GUARD_H
#define SIM_GUARD_H

#include <stdint.h>

#include <clew/errors.h>

/*
 * From now on a system call of the calling thread is a SIGSYS when its
 * instruction lies in [start, end).  -errno: the host cannot do that.
 */
MUST_USE int guard_init(uintptr_t start, uintptr_t end);

#endif
