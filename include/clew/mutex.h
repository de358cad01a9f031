/* SPDX-License-Identifier: MIT */
/*
 * Mutexes whose guard owns the data they guard.
 *
 *	MUTEX(ledger, struct ledger_data);	declares struct ledger, owner
 *						ledger_guard and the functions
 *	OWN(ledger_guard, guard) = OWNER_EMPTY;
 *	int r = ledger_lock(&ledger, WAIT_FOREVER, &guard);
 *	ledger_data(&guard)->total++;
 *
 * The data is reachable through a live guard only.  A crash unwinds through
 * the guard, which unlocks and marks the mutex poisoned: the next lock
 * succeeds with MUTEX_E_POISONED so that its holder can look before it trusts.
 * Provided by the cell `wait`.
 */
#ifndef CLEW_MUTEX_H
#define CLEW_MUTEX_H

#include <stdint.h>

#include <clew/errors.h>
#include <clew/own.h>
#include <clew/wait.h>

OWN_IMPLEMENTS_ANY("the word is the address of the lock");

enum {
	MUTEX_E_TIMEOUT = WAIT_E_TIMEOUT,
	MUTEX_E_POISONED = 3, /* locked, but its last holder crashed */
};

struct mutex {
	struct wait_queue waiters;
	uint64_t holder; /* task id, 0 when free */
	uint32_t poisoned;
	uint32_t reserved;
};

/* -EDEADLK: the caller holds it. */
MUST_USE int mutex_lock_step(struct mutex *mutex, uint64_t deadline_ns);
void mutex_unlock(struct mutex *mutex);
void mutex_clear_poison(struct mutex *mutex);

#define MUTEX(name, T) \
	struct name { \
		struct mutex mutex; \
		T private_data; \
	}; \
	OWNER(name##_guard); /* word: the address of the struct name */ \
	MUST_USE static inline int name##_lock(struct name *lock, uint64_t deadline_ns, \
					       name##_guard *ret) \
	{ \
		int r = RESTARTABLE(mutex_lock_step(&lock->mutex, deadline_ns)); \
		if (r == 0 || r == MUTEX_E_POISONED) \
			PUT(*ret, ((name##_guard){ (uintptr_t)lock })); \
		return r; \
	} \
	static inline void name##_guard_cleanup(name##_guard *place) \
	{ \
		struct name *lock = (struct name *)(uintptr_t)place->word; \
		place->word = 0; \
		if (lock != 0) \
			mutex_unlock(&lock->mutex); \
	} \
	static inline T *name##_data(const name##_guard *guard) \
	{ \
		return &((struct name *)(uintptr_t)guard->word)->private_data; \
	} \
	struct name

#endif
