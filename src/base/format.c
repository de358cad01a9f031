/* SPDX-License-Identifier: MIT */
/* Formatted text into a buffer.  Freestanding, no allocation. */
#include "base/format.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/string.h"

struct output {
	char *to;
	size_t size;
	size_t length; /* wanted so far; bytes past size - 1 are dropped */
};

struct conversion {
	bool left, zero;
	int width;
	int precision; /* -1: none */
	char length;   /* 0, 'h', 'H' (hh), 'l', 'L' (64 bits) */
};

static void put(struct output *out, char c)
{
	if (out->length + 1 < out->size)
		out->to[out->length] = c;
	out->length++;
}

static void pad(struct output *out, char c, int count)
{
	while (count-- > 0)
		put(out, c);
}

static void put_padded(struct output *out, const struct conversion *conv, const char *text,
		       int length)
{
	if (!conv->left)
		pad(out, ' ', conv->width - length);
	for (int i = 0; i < length; i++)
		put(out, text[i]);
	if (conv->left)
		pad(out, ' ', conv->width - length);
}

static void put_number(struct output *out, const struct conversion *conv, uint64_t value,
		       const char *sign, unsigned int base, const char *digits)
{
	char text[24];
	int n = 0, sign_length = (int)string_length(sign), zeros = 0;

	do {
		text[sizeof(text) - 1 - (size_t)n++] = digits[value % base];
		value /= base;
	} while (value != 0);
	if (conv->precision > n)
		zeros = conv->precision - n;
	else if (conv->zero && !conv->left && conv->precision < 0)
		zeros = conv->width - n - sign_length;
	if (zeros < 0)
		zeros = 0;
	if (!conv->left)
		pad(out, ' ', conv->width - n - zeros - sign_length);
	for (int i = 0; i < sign_length; i++)
		put(out, sign[i]);
	pad(out, '0', zeros);
	for (int i = n; i > 0; i--)
		put(out, text[sizeof(text) - (size_t)i]);
	if (conv->left)
		pad(out, ' ', conv->width - n - zeros - sign_length);
}

static int parse_count(const char **format, va_list *arguments)
{
	int value = 0;

	if (**format == '*') {
		(*format)++;
		return va_arg(*arguments, int);
	}
	while (**format >= '0' && **format <= '9')
		value = value * 10 + (*(*format)++ - '0');
	return value;
}

static struct conversion parse_conversion(const char **format, va_list *arguments)
{
	struct conversion conv = { .precision = -1 };

	for (; **format == '-' || **format == '0'; (*format)++) {
		if (**format == '-')
			conv.left = true;
		else
			conv.zero = true;
	}
	conv.width = parse_count(format, arguments);
	if (conv.width < 0) {
		conv.left = true;
		conv.width = -conv.width;
	}
	if (**format == '.') {
		(*format)++;
		conv.precision = parse_count(format, arguments);
	}
	for (;; (*format)++) {
		if (**format == 'h')
			conv.length = conv.length == 'h' ? 'H' : 'h';
		else if (**format == 'l')
			conv.length = conv.length == 'l' ? 'L' : 'l';
		else if (**format == 'z' || **format == 'j' || **format == 't')
			conv.length = 'L';
		else
			return conv;
	}
}

static int64_t signed_argument(char length, va_list *arguments)
{
	if (length == 'l' || length == 'L')
		return va_arg(*arguments, int64_t);
	if (length == 'h')
		return (short)va_arg(*arguments, int);
	if (length == 'H')
		return (signed char)va_arg(*arguments, int);
	return va_arg(*arguments, int);
}

static uint64_t unsigned_argument(char length, va_list *arguments)
{
	if (length == 'l' || length == 'L')
		return va_arg(*arguments, uint64_t);
	if (length == 'h')
		return (unsigned short)va_arg(*arguments, int);
	if (length == 'H')
		return (unsigned char)va_arg(*arguments, int);
	return va_arg(*arguments, unsigned int);
}

static void convert(struct output *out, char kind, const struct conversion *conv,
		    va_list *arguments)
{
	static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

	switch (kind) {
	case 'd':
	case 'i': {
		int64_t value = signed_argument(conv->length, arguments);

		put_number(out, conv, value < 0 ? 0 - (uint64_t)value : (uint64_t)value,
			   value < 0 ? "-" : "", 10, lower);
		return;
	}
	case 'u':
		put_number(out, conv, unsigned_argument(conv->length, arguments), "", 10, lower);
		return;
	case 'x':
		put_number(out, conv, unsigned_argument(conv->length, arguments), "", 16, lower);
		return;
	case 'X':
		put_number(out, conv, unsigned_argument(conv->length, arguments), "", 16, upper);
		return;
	case 'p':
		put_number(out, conv, (uintptr_t)va_arg(*arguments, void *), "0x", 16, lower);
		return;
	case 'c': {
		char c = (char)va_arg(*arguments, int);

		put_padded(out, conv, &c, 1);
		return;
	}
	case 's': {
		const char *text = va_arg(*arguments, const char *);
		size_t max = conv->precision < 0 ? SIZE_MAX : (size_t)conv->precision;

		if (!text)
			text = "(null)";
		put_padded(out, conv, text, (int)string_length_max(text, max));
		return;
	}
	default: /* '%', and what is no conversion, stand for themselves */
		put(out, kind);
	}
}

size_t format_list(char *to, size_t size, const char *format, va_list arguments)
{
	struct output out = { .to = to, .size = size };
	va_list rest;

	va_copy(rest, arguments);
	while (*format) {
		struct conversion conv;

		if (*format != '%') {
			put(&out, *format++);
			continue;
		}
		format++;
		conv = parse_conversion(&format, &rest);
		if (*format)
			convert(&out, *format++, &conv, &rest);
	}
	va_end(rest);
	if (size > 0)
		to[out.length < size ? out.length : size - 1] = 0;
	return out.length;
}

size_t format_text(char *to, size_t size, const char *format, ...)
{
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	length = format_list(to, size, format, arguments);
	va_end(arguments);
	return length;
}
