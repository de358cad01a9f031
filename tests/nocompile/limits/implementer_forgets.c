/* SPDX-License-Identifier: MIT */
/* Code that implements an owner is taken on trust. */
#include <clew/heap.h>

#include <clew/irq.h>

OWNER(ticket);
OWN_IMPLEMENTS(ticket, "a demonstration");

ticket ticket_take(void);
ticket ticket_take(void)
{
	ticket lost = { 1 };

	(void)lost;
	return (ticket){ 2 };
}
