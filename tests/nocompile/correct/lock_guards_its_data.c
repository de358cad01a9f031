/* SPDX-License-Identifier: MIT */
#include <clew/mutex.h>

struct total {
	int sum;
};

MUTEX(ledger, struct total);

int add(struct ledger *ledger, int more);
int add(struct ledger *ledger, int more)
{
	OWN(ledger_guard, guard) = OWNER_EMPTY;
	int r = ledger_lock(ledger, WAIT_FOREVER, &guard);

	if (r != 0)
		return r;
	ledger_data(&guard)->sum += more;
	return 0;
}
