/* SPDX-License-Identifier: MIT */
/* In front of machine_map() where a cell calls it (ld --wrap): it may fail. */
#include <clew/machine.h>

#include "failure.h"

extern __typeof__(machine_map) __real_machine_map, __wrap_machine_map;

int __wrap_machine_map(uintptr_t va, size_t pages, enum machine_prot prot)
{
	if (failure_due(FAILURE_MAPPING))
		return -ENOMEM;
	return __real_machine_map(va, pages, prot);
}
