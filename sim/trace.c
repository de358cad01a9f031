/* SPDX-License-Identifier: MIT */
/*
 * Events are collected and written when the buffer is full and at the end,
 * also when the end is a death.  The CPU's thread only.
 */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct {
	int fd;
	size_t used;
	char buffer[64 << 10];
} trace = { .fd = -1 };

int trace_open(const char *path)
{
	trace.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return trace.fd < 0 ? -errno : 0;
}

void trace_flush(void)
{
	size_t at = 0;
	size_t used = trace.used;

	trace.used = 0;
	while (trace.fd >= 0 && at < used) {
		ssize_t n = write(trace.fd, trace.buffer + at, used - at);

		if (n < 0 && errno != EINTR)
			return; /* a full disk: the trace ends here, the system goes on */
		if (n > 0)
			at += (size_t)n;
	}
}

static void trace_append(const char *text, size_t size)
{
	while (size > 0) {
		size_t room = sizeof(trace.buffer) - trace.used;
		size_t n = size < room ? size : room;

		memcpy(trace.buffer + trace.used, text, n);
		trace.used += n;
		text += n;
		size -= n;
		if (trace.used == sizeof(trace.buffer))
			trace_flush();
	}
}

void trace_write(const char *text, size_t size)
{
	if (trace.fd < 0)
		return;
	trace_append(text, size);
	trace_append("\n", 1);
}
