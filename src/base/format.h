/* SPDX-License-Identifier: MIT */
/*
 * Formatted text into a buffer: a subset of C's printf.
 *
 * Conversions: d i u x X c s p %, with the flags - 0, width and precision
 * (digits or *), and the lengths hh h l ll z j t.  Freestanding, no allocation.
 */
#ifndef BASE_FORMAT_H
#define BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Writes at most size - 1 bytes and a zero; returns the length it wanted to write. */
size_t format_text(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t format_list(char *to, size_t size, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

#endif
