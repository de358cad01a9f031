/* SPDX-License-Identifier: MIT */
/*
 * Reader of tar archives (POSIX ustar) in memory, which trusts no header.
 * Freestanding, no allocation; members are borrowed from the archive.
 */
#ifndef BASE_TAR_H
#define BASE_TAR_H

#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>

#define TAR_NAME_MAX 257 /* bytes: prefix, slash, name, zero */

struct tar_member {
	char name[TAR_NAME_MAX]; /* path (prefix and name), a leading "./" left out */
	const void *bytes;	 /* aligned to 512 within the archive */
	size_t size;
};

/*
 * The next regular file at or after *offset, which is moved past it.
 * -ENOENT: end of the archive; -EBADMSG: malformed, *offset is where.
 */
MUST_USE int tar_next(const void *archive, size_t size, size_t *offset, struct tar_member *ret);

#endif
