/* SPDX-License-Identifier: MIT */
/* Unwind tables: code without them would end the recovery of a fault. */
#ifndef TOOLCHAIN_FRAMES_H
#define TOOLCHAIN_FRAMES_H

#include "object.h"

/* Refuses functions, the ones in assembly too, that no FDE covers. */
void frames_check(struct object *object);

#endif
