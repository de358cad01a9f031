/* SPDX-License-Identifier: MIT */
/* Files as streams that can be read.  They are blocks of the process. */
#include <clew/fs.h>

#include "libc.h"

#define END_OF_FILE (-1)

struct foreign_stream {
	fs_reader reader;
	int ended;  /* something was asked for past the end */
	int failed; /* the file is gone */
};

struct foreign_stream *const stdin = NULL;

struct foreign_stream *fopen(const char *path, const char *mode)
{
	struct foreign_stream *stream;
	OWN(fs_reader, reader) = OWNER_EMPTY;
	int r = mode[0] == 'r' ? fs_reader_open(path, &reader) : -EINVAL;

	if (r < 0) {
		*__errno_location() = -r;
		return NULL;
	}
	stream = calloc(1, sizeof(*stream));
	if (stream)
		PUT(stream->reader, MOVE(reader));
	return stream;
}

struct foreign_stream *freopen(const char *path, const char *mode, struct foreign_stream *stream)
{
	fclose(stream);
	return fopen(path, mode);
}

int fclose(struct foreign_stream *stream)
{
	if (stream)
		fs_reader_cleanup(&stream->reader);
	free(stream);
	return 0;
}

size_t fread(void *to, size_t size, size_t count, struct foreign_stream *stream)
{
	size_t wanted, done = 0, got = 1;

	if (!stream || size == 0 || __builtin_mul_overflow(size, count, &wanted))
		return 0;
	while (done < wanted && got > 0) {
		int r = fs_reader_read(&stream->reader, (char *)to + done, wanted - done, &got);

		if (r < 0) {
			*__errno_location() = -r;
			stream->failed = 1;
			break;
		}
		done += got;
		stream->ended |= got == 0;
	}
	return done / size;
}

int getc(struct foreign_stream *stream)
{
	unsigned char byte;

	return fread(&byte, 1, 1, stream) == 1 ? byte : END_OF_FILE;
}

char *fgets(char *to, int size, struct foreign_stream *stream)
{
	int length = 0, byte = 0;

	while (length < size - 1 && byte != '\n') {
		byte = getc(stream);
		if (byte == END_OF_FILE)
			break;
		to[length++] = (char)byte;
	}
	if (length == 0)
		return NULL;
	to[length] = 0;
	return to;
}

int feof(struct foreign_stream *stream)
{
	return !stream || stream->ended;
}

int ferror(struct foreign_stream *stream)
{
	return stream && stream->failed;
}
