/* SPDX-License-Identifier: MIT */
/*
 * error: mutable static
 * fixed: int calls = 0;
 */
#include <clew/cell.h>

int count(int more);
int count(int more)
{
	static int calls; /* wrong */

	calls += more;
	return calls;
}
