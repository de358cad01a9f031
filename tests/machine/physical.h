/* SPDX-License-Identifier: MIT */
/*
 * Physical memory for readers of boot information: boot_memory() over blocks
 * that a test puts at addresses of its choice.  What boot_memory() lends is a
 * copy on the heap of exactly the size that was asked for.
 */
#ifndef TESTS_MACHINE_PHYSICAL_H
#define TESTS_MACHINE_PHYSICAL_H

#include <stddef.h>
#include <stdint.h>

/* The bytes are copied; blocks do not overlap, and no read crosses from one to another. */
void physical_put(uint64_t pa, const void *bytes, size_t size);
/* The same from hexadecimal digits. */
void physical_put_hex(uint64_t pa, const char *digits);
void physical_put_text(uint64_t pa, const char *text); /* with its zero */

/* Takes back all blocks and what was lent. */
void physical_clear(void);

#endif
