/* SPDX-License-Identifier: MIT */
/*
 * Interface of the demonstration service `counter`, whose state outlives a swap.
 */
#ifndef CLEW_COUNTER_H
#define CLEW_COUNTER_H

#include <stdint.h>

uint32_t counter_version(void);
uint64_t counter_next(void); /* 1, 2, 3 ... each number once, over all versions */
uint64_t counter_value(void);

#endif
