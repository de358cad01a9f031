/* SPDX-License-Identifier: MIT */
/*
 * error: is used
 * fixed: if (r < 0)
 */
#include <clew/fs.h>

int read_one(const char *path, char *ret_byte);
int read_one(const char *path, char *ret_byte)
{
	OWN(fs_reader, reader) = OWNER_EMPTY;
	size_t size;
	int r = fs_reader_open(path, &reader);

	if (r == 0) /* wrong */
		return 0;
	return fs_reader_read(&reader, ret_byte, 1, &size);
}
