/* SPDX-License-Identifier: MIT */
/*
 * Interrupts off for a scope, as an owner.
 *
 *	OWN(irq_guard, guard) = irq_off();
 *
 * While it lives nothing else runs on this CPU.  Inline: part of every cell.
 */
#ifndef CLEW_IRQ_H
#define CLEW_IRQ_H

#include <clew/machine.h>
#include <clew/own.h>

OWNER(irq_guard); /* word: 1 interrupts were off, 2 they were on */
OWN_IMPLEMENTS(irq_guard, "the word says what the flag was");

static inline irq_guard irq_off(void)
{
	return (irq_guard){ machine_irq_save() ? 2 : 1 };
}

static inline bool irq_were_on(const irq_guard *guard)
{
	return guard->word == 2;
}

static inline void irq_guard_cleanup(irq_guard *place)
{
	uint64_t were = place->word;

	place->word = 0;
	if (were != 0)
		machine_irq_restore(were == 2);
}

#endif
