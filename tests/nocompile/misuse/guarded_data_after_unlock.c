/* SPDX-License-Identifier: MIT */
/*
 * error: borrowed from owner
 * fixed: return 0;
 */
#include <clew/mutex.h>

struct total {
	int sum;
};

MUTEX(ledger, struct total);

int sum(struct ledger *ledger);
int sum(struct ledger *ledger)
{
	struct total *total;

	{
		OWN(ledger_guard, guard) = OWNER_EMPTY;

		if (ledger_lock(ledger, WAIT_FOREVER, &guard) != 0)
			return 0;
		total = ledger_data(&guard);
		if (total->sum < 0)
			return 1;
	}
	return total->sum; /* wrong */
}
