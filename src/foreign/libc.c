/* SPDX-License-Identifier: MIT */
/* The C locale, no threads, time since boot; see libc.h. */
#include "libc.h"

#include <clew/clock.h>
#include <clew/panic.h>

#include "base/string.h"
#include "process.h"

#define END_OF_FILE (-1)

int *__errno_location(void)
{
	return &foreign_current()->error_number;
}

int *___errno_location(void)
{
	return __errno_location();
}

const char *strerror(int number)
{
	switch (number) {
	case 0:
		return "No error";
	case ENOENT:
		return "No such file or directory";
	case ENOMEM:
		return "Out of memory";
	case EINVAL:
		return "Invalid argument";
	}
	return "Error";
}

int strcoll(const char *a, const char *b)
{
	return string_compare(a, b);
}

int wctomb(char *to, wchar_t character)
{
	if (!to)
		return 0;
	if (character < 0 || character > 127)
		return -1;
	*to = (char)character;
	return 1;
}

void abort(void)
{
	panic("foreign code called abort");
}

long time(long *ret)
{
	long seconds = (long)(clock_now_ns() / NS_PER_S);

	if (ret)
		*ret = seconds;
	return seconds;
}

long clock(void)
{
	return (long)(clock_now_ns() / NS_PER_US);
}

int __lockfile(void *stream)
{
	return 0;
}

void __unlockfile(void *stream)
{
}

int __uflow(void *stream)
{
	return END_OF_FILE;
}

void __stdio_exit_needed(void)
{
}
