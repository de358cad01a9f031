/* SPDX-License-Identifier: MIT */
/*
 * error: reached without its guard
 * fixed: return ledger->mutex.reserved != 0;
 */
#include <clew/mutex.h>

struct total {
	int sum;
};

MUTEX(ledger, struct total);

int sum(struct ledger *ledger);
int sum(struct ledger *ledger)
{
	return ledger->private_data.sum; /* wrong */
}
