/* SPDX-License-Identifier: MIT */
/* What a cell's object must not contain at all. */
#ifndef TOOLCHAIN_SECTIONS_H
#define TOOLCHAIN_SECTIONS_H

#include "object.h"

/* Constructors, thread-local, common and indirect symbols, W+X, executable stack. */
void sections_check(struct object *object);

#endif
