/* SPDX-License-Identifier: MIT */
/*
 * error: released twice
 * fixed:
 */
#include <clew/irq.h>

void quiet(void);
void quiet(void)
{
	OWN(irq_guard, guard) = irq_off();

	irq_guard_cleanup(&guard);
	irq_guard_cleanup(&guard); /* wrong */
}
