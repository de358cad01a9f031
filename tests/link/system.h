/* SPDX-License-Identifier: MIT */
/*
 * What the cells linker and namespace stand on, for tests on the host: a
 * window of memory, a heap that counts and fails when told to, a machine.
 * Blocks are the host's, so that a sanitizer watches each of them.
 */
#ifndef TESTS_LINK_SYSTEM_H
#define TESTS_LINK_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* Maps the window, reads the archive (a tar of cells), starts the linker.  Once a process. */
void system_start(const char *archive_path);

/* Makes the k-th allocation from now on fail (1: the next one); 0: none. */
void system_fail_allocation(unsigned long k);
unsigned long system_allocations(void); /* since then */
unsigned long system_blocks(void);	/* of the heap, in use */

/* A whole file, aligned to 16; the caller frees it. */
void *system_read(const char *path, size_t *ret_size);

/* Everything that can be seen: cells, symbols, dependencies, pools and their contents, blocks. */
char *system_dump(void); /* the caller frees it */

#endif
