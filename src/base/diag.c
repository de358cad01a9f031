/* SPDX-License-Identifier: MIT */
/* Fills a struct diag.  Freestanding, no allocation. */
#include "base/diag.h"

#include "base/string.h"

void diag_fill(struct diag *ret, const char *cell, const char *what, const char *expected,
	       const char *found)
{
	memset(ret, 0, sizeof(*ret));
	ret->offset = DIAG_NO_OFFSET;
	string_copy(ret->cell, sizeof(ret->cell), cell);
	string_copy(ret->what, sizeof(ret->what), what);
	string_copy(ret->expected, sizeof(ret->expected), expected);
	string_copy(ret->found, sizeof(ret->found), found);
}
