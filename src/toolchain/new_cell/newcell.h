/* SPDX-License-Identifier: MIT */
/*
 * Interface of the service `newcell`.
 */
#ifndef NEWCELL_H
#define NEWCELL_H

#include <stdint.h>

uint32_t newcell_version(void);
uint64_t newcell_next(void); /* 1, 2, 3 ... each number once, over all versions */

#endif
