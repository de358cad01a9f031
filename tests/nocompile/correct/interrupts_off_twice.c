/* SPDX-License-Identifier: MIT */
#include <clew/irq.h>

void work(void);
void nested(void);
void nested(void)
{
	OWN(irq_guard, outer) = irq_off();
	{
		OWN(irq_guard, inner) = irq_off();

		work();
	}
	work();
}
