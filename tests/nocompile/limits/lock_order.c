/* SPDX-License-Identifier: MIT */
/* Two locks in different orders: each function is looked at alone. */
#include <clew/mutex.h>

struct total {
	int sum;
};

MUTEX(ledger, struct total);

int both(struct ledger *a, struct ledger *b);
int both(struct ledger *a, struct ledger *b)
{
	OWN(ledger_guard, first) = OWNER_EMPTY;
	OWN(ledger_guard, second) = OWNER_EMPTY;
	int r = ledger_lock(a, WAIT_FOREVER, &first);

	if (r == 0)
		r = ledger_lock(b, WAIT_FOREVER, &second);
	return r;
}

int reversed(struct ledger *a, struct ledger *b);
int reversed(struct ledger *a, struct ledger *b)
{
	return both(b, a) + both(a, b);
}
