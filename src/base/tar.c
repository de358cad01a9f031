/* SPDX-License-Identifier: MIT */
/* Reader of tar archives.  Freestanding, no allocation. */
#include "base/tar.h"

#include <stdbool.h>

#include "base/string.h"

#define BLOCK 512u

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char linkname[100], magic[6], version[2], uname[32], gname[32], major[8], minor[8];
	char prefix[155], padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static bool octal(const char *text, size_t length, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	while (i < length && text[i] == ' ')
		i++;
	for (; i < length && text[i] >= '0' && text[i] <= '7'; i++)
		value = value * 8 + (uint64_t)(text[i] - '0');
	if (i < length && text[i] != 0 && text[i] != ' ')
		return false;
	*ret = value;
	return true;
}

/* The sum of all bytes of the header, its own field counted as blanks. */
static bool checksum_is_right(const struct header *header)
{
	const uint8_t *bytes = (const uint8_t *)header;
	uint64_t sum = 0, stored;

	if (!octal(header->checksum, sizeof(header->checksum), &stored))
		return false;
	for (size_t i = 0; i < BLOCK; i++) {
		size_t in_field = i - offsetof(struct header, checksum);

		sum += in_field < sizeof(header->checksum) ? ' ' : bytes[i];
	}
	return sum == stored;
}

static bool is_zero(const uint8_t *bytes)
{
	for (size_t i = 0; i < BLOCK; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

/* POSIX ustar: prefix, a slash and name, when there is a prefix. */
static void copy_name(char to[TAR_NAME_MAX], const struct header *header)
{
	size_t length = string_length_max(header->prefix, sizeof(header->prefix));
	size_t n = string_length_max(header->name, sizeof(header->name));

	memcpy(to, header->prefix, length);
	if (length > 0)
		to[length++] = '/';
	memcpy(to + length, header->name, n);
	length += n;
	to[length] = 0;
	if (length > 2 && to[0] == '.' && to[1] == '/')
		memmove(to, to + 2, length - 1);
}

int tar_next(const void *archive, size_t size, size_t *offset, struct tar_member *ret)
{
	size_t at = *offset;

	while (at <= size && size - at >= BLOCK) {
		const struct header *header = (const void *)((const uint8_t *)archive + at);
		uint64_t length, padded;

		if (is_zero((const uint8_t *)header))
			return -ENOENT;
		*offset = at;
		if (memcmp(header->magic, "ustar", 5) != 0 || !checksum_is_right(header) ||
		    !octal(header->size, sizeof(header->size), &length) ||
		    length > size - at - BLOCK)
			return -EBADMSG;
		padded = (length + BLOCK - 1) & ~(uint64_t)(BLOCK - 1);
		at += BLOCK + padded;
		if (header->type != '0' && header->type != 0)
			continue;
		copy_name(ret->name, header);
		ret->bytes = (const uint8_t *)header + BLOCK;
		ret->size = length;
		*offset = at;
		return 0;
	}
	return -ENOENT;
}
