/* SPDX-License-Identifier: MIT */
/* In front of the linker's pool_alloc() (ld --wrap): it may fail. */
#include <clew/errors.h>

#include "pool.h"

#include "failure.h"

extern __typeof__(pool_alloc) __real_pool_alloc, __wrap_pool_alloc;

int __wrap_pool_alloc(struct pool *pool, uint64_t bytes, struct link_extent *ret)
{
	if (bytes > 0 && failure_due(FAILURE_POOL))
		return -ENOMEM;
	return __real_pool_alloc(pool, bytes, ret);
}
