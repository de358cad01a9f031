/* SPDX-License-Identifier: MIT */
/*
 * error: before the result of the call
 * fixed: return r != 0 ? r : ledger_data(&guard)->sum;
 */
#include <clew/mutex.h>

struct total {
	int sum;
};

MUTEX(ledger, struct total);

int sum(struct ledger *ledger);
int sum(struct ledger *ledger)
{
	OWN(ledger_guard, guard) = OWNER_EMPTY;
	int r = ledger_lock(ledger, WAIT_FOREVER, &guard);

	return r + ledger_data(&guard)->sum; /* wrong */
}
