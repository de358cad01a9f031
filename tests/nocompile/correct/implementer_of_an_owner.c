/* SPDX-License-Identifier: MIT */
#include <clew/cell.h>
#include <clew/heap.h>

#include <clew/irq.h>

OWNER(ticket); /* word: number + 1 */
OWN_IMPLEMENTS(ticket, "the word is the number of the place");

ticket ticket_take(uint64_t number);
void ticket_cleanup(ticket *place);
uint64_t ticket_number(const ticket *ticket);

ticket ticket_take(uint64_t number)
{
	return (ticket){ number + 1 };
}

void ticket_cleanup(ticket *place)
{
	place->word = 0;
}

uint64_t ticket_number(const ticket *ticket)
{
	return ticket->word - 1;
}
