/* SPDX-License-Identifier: MIT */
/*
 * Interface of the bulk line: large payloads from outside, faster than a
 * serial port; inward only.
 *
 * A stream of blocks, each a struct bulk_header and `length` bytes.  A block
 * that nobody asks for is skipped by who asks for a later one.  Provided by
 * the cell `virtio_console`.
 */
#ifndef CLEW_BULK_H
#define CLEW_BULK_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>

#define BULK_MAGIC 0x316b6c62u /* "blk1" */

struct bulk_header {
	uint32_t magic;
	uint32_t id;
	uint32_t length; /* bytes that follow; fewer than announced: they were truncated */
	uint32_t reserved;
};

/*
 * Finds the device; called once, by captain.  -ENODEV: there is none, and that is no failure;
 * -EIO: it is none that can be used; -ENOMEM; -EALREADY.
 */
MUST_USE int bulk_init(void);

/*
 * Takes up to `size` bytes of what has come; *ret_size 0: nothing has.  Does
 * not block.  -ENODEV; -EIO: the device has failed, for good.
 */
MUST_USE int bulk_take(void *ret, size_t size, size_t *ret_size);

#endif
