/* SPDX-License-Identifier: MIT */
/*
 * Whether a function that frees a struct releases every owner in it, and
 * whether it reaches guarded data without the guard.
 */
#ifndef CLEW_PLUGIN_FIELDS_H
#define CLEW_PLUGIN_FIELDS_H

#include "gcc.h"

void fields_check(struct function *function);

#endif
