/* SPDX-License-Identifier: MIT */
/*
 * error: mutable static
 * fixed:
 */
#include <clew/cell.h>

extern int counter_calls;
int counter_calls; /* wrong */
int count(void);
int count(void)
{
	return counter_calls;
}
