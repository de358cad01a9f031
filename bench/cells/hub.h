/* SPDX-License-Identifier: MIT */
/* Interface of the cell `hub`, which the copies of `filler` use. */
#ifndef BENCH_CELLS_HUB_H
#define BENCH_CELLS_HUB_H

#include <stdint.h>

uint32_t hub_version(void);

#endif
