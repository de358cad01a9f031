/* SPDX-License-Identifier: MIT */
/* Physical memory of the pc machine: the window's page tables, and the alias. */
#ifndef PC_MEMORY_H
#define PC_MEMORY_H

#include <clew/machine.h>

/* The implementations of machine.h. */
MUST_USE int memory_map(uintptr_t va, size_t pages, enum machine_prot prot);
void memory_unmap(uintptr_t va, size_t pages);
enum machine_prot memory_prot_at(uintptr_t va);
void memory_patch(uintptr_t va, const void *bytes, size_t size);
void memory_fill(uintptr_t va, uint8_t byte, size_t size);

#endif
