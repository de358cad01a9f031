/* SPDX-License-Identifier: MIT */
/*
 * error: that this call returns leaks
 * fixed: OWN(irq_guard, guard) = irq_off();
 */
#include <clew/irq.h>

void quiet(void);
void quiet(void)
{
	irq_off(); /* wrong */
}
