/* SPDX-License-Identifier: MIT */
/* Cells that a measurement loads, and unloads when it is done with them. */
#ifndef BENCH_TENANTS_H
#define BENCH_TENANTS_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/own.h>

/* A cell of the root namespace. */
OWNER(lodger); /* word: its name */
void lodger_cleanup(lodger *place);

/* filler_0000 to filler_<n - 1>, each a user of the cell `hub`, and that. */
OWNER(fillers); /* word: n + 1 */
/* -ENOENT: the archive has none. */
MUST_USE int fillers_load(uint32_t n, fillers *ret);
/* What the function of the i-th returns: the version of hub that it calls. */
uint32_t fillers_ask(uint32_t i);
void fillers_cleanup(fillers *place);

#endif
