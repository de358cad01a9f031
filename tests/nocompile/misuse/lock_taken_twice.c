/* SPDX-License-Identifier: MIT */
/*
 * error: is overwritten while it may be alive
 * fixed: return b != NULL;
 */
#include <clew/mutex.h>

struct total {
	int sum;
};

MUTEX(ledger, struct total);

int lock_both(struct ledger *a, struct ledger *b);
int lock_both(struct ledger *a, struct ledger *b)
{
	OWN(ledger_guard, guard) = OWNER_EMPTY;
	int r = ledger_lock(a, WAIT_FOREVER, &guard);

	if (r != 0)
		return r;
	return ledger_lock(b, WAIT_FOREVER, &guard); /* wrong */
}
