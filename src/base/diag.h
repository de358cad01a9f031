/* SPDX-License-Identifier: MIT */
/*
 * Fills a struct diag (clew/diag.h).  Freestanding, no allocation.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <clew/diag.h>

/* No section, symbol or offset: who knows them adds them. */
void diag_fill(struct diag *ret, const char *cell, const char *what, const char *expected,
	       const char *found);

#endif
