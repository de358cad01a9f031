/* SPDX-License-Identifier: MIT */
/*
 * The bulk line as blocks (bulk.h), taken piece by piece.
 *
 * Where the stream stands outlives a request: one that ends within a block
 * leaves the rest of it to be skipped.  Does not block, does not allocate.
 */
#ifndef CONTROL_BLOCK_H
#define CONTROL_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include <clew/bulk.h>
#include <clew/errors.h>

/* Zero at the start. */
struct block_stream {
	struct bulk_header header; /* the first header_size bytes of it have come */
	uint32_t header_size;
	uint32_t left; /* bytes of the block that were not taken */
};

enum {
	BLOCK_E_NOTHING = 1, /* not all that is needed has come */
};

/*
 * Skips what is left of a block, then reads the next one's header.  BLOCK_E_NOTHING; -EBADMSG: it
 * is none, the header says what it was; or as bulk_take().
 */
MUST_USE int block_next(struct block_stream *stream);

/* Takes bytes of the block whose header was read, at least one: size and left are not 0. */
MUST_USE int block_take(struct block_stream *stream, void *ret, size_t size, size_t *ret_size);

/* Drops all that has come, whatever it is.  BLOCK_E_NOTHING: there was nothing; or as bulk_take().
 */
MUST_USE int block_drop(void);

#endif
