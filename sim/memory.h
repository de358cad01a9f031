/* SPDX-License-Identifier: MIT */
/*
 * The window: physical memory of the hosted machine and its permissions.
 */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <clew/machine.h>

#define MEMORY_WINDOW 0x200000000000ul
#define MEMORY_MIN (8ul << 20)
#define MEMORY_MAX (64ul << 30)

enum memory_mode {
	MEMORY_SHARED,	/* a memfd; patched through an alias of it */
	MEMORY_PRIVATE, /* anonymous; patched through /proc/self/mem: for fork, gdb, Valgrind */
};

/* Takes the addresses before anything else can; -errno: somebody has them. */
MUST_USE int memory_reserve(void);

/* Creates `size` bytes (whole pages) of memory without any permission. */
MUST_USE int memory_init(uint64_t size, enum memory_mode mode);
void memory_deinit(void);

/*
 * Private mode, for debug.h: whole pages become private pages of the file,
 * which holds what they hold; -errno.  Uncovering makes them anonymous again.
 * Content and permission stay either way.
 */
MUST_USE int memory_cover(uintptr_t va, size_t pages, int fd, size_t offset);
MUST_USE int memory_uncover(uintptr_t va, size_t pages);

uint64_t memory_size(void);
bool memory_has(uintptr_t va);

/* The implementations of machine.h. */
MUST_USE int memory_map(uintptr_t va, size_t pages, enum machine_prot prot);
void memory_unmap(uintptr_t va, size_t pages);
enum machine_prot memory_prot_at(uintptr_t va);
void memory_patch(uintptr_t va, const void *bytes, size_t size);
void memory_fill(uintptr_t va, uint8_t byte, size_t size);

#endif
