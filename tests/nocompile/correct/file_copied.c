/* SPDX-License-Identifier: MIT */
#include <clew/fs.h>

int copy(const char *from, const char *to);
int copy(const char *from, const char *to)
{
	OWN(fs_reader, reader) = OWNER_EMPTY;
	OWN(fs_writer, writer) = OWNER_EMPTY;
	char bytes[64];
	size_t size = 0;
	int r = fs_reader_open(from, &reader);

	if (r == 0)
		r = fs_writer_open(to, FS_TRUNCATE, &writer);
	while (r == 0) {
		r = fs_reader_read(&reader, bytes, sizeof(bytes), &size);
		if (r < 0 || size == 0)
			break;
		r = fs_writer_write(&writer, bytes, size);
	}
	return r;
}
