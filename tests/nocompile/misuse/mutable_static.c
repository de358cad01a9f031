/* SPDX-License-Identifier: MIT */
/*
 * error: mutable static
 * fixed: static const int calls;
 */
#include <clew/cell.h>

static int calls; /* wrong */

int count(void);
int count(void)
{
	return calls;
}
