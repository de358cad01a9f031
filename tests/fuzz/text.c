/* SPDX-License-Identifier: MIT */
/*
 * src/base on texts: what the functions of string.h and format.h answer is
 * what the host's C library answers.
 *
 * Input: a byte of options, two words for format_text(), then a text, a zero,
 * and another text.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/string.h"
#include "fuzz.h"

#define ROOM 96

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void check_pair(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	char to[ROOM];
	size_t size = 1 + n % ROOM;

	FUZZ_REQUIRE(sign(string_compare(a, b)) == sign(strcmp(a, b)));
	FUZZ_REQUIRE(string_equal(a, b) == (strcmp(a, b) == 0));
	FUZZ_REQUIRE(string_starts(a, b) == (strncmp(a, b, m) == 0));
	FUZZ_REQUIRE(string_ends(a, b) == (m <= n && strcmp(a + n - m, b) == 0));
	FUZZ_REQUIRE(string_copy(to, size, b) == (m < size));
	FUZZ_REQUIRE(strlen(to) == (m < size ? m : size - 1) && memcmp(to, b, strlen(to)) == 0);
	FUZZ_REQUIRE((string_hash(a) == string_hash(b)) >= (strcmp(a, b) == 0));
}

/* `room` bytes are there, and a zero is among them. */
static void check_lengths(const char *text, size_t room)
{
	size_t length;

	FUZZ_REQUIRE(string_length(text) == strlen(text));
	FUZZ_REQUIRE(string_length_max(text, room) == strlen(text));
	FUZZ_REQUIRE(string_length_max(text, room / 2) == strnlen(text, room / 2));
	FUZZ_REQUIRE(string_length_within(text, room) == strlen(text));
	FUZZ_REQUIRE(string_hash_within(text, room, &length) == string_hash(text));
	FUZZ_REQUIRE(length == strlen(text));
}

static void check_number(const char *text)
{
	bool is_hex = text[0] == '0' && (text[1] | 0x20) == 'x';
	const char *digits = text + 2 * is_hex;
	size_t n = strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789");
	uint64_t found = 77, expected;
	bool good;

	errno = 0;
	expected = strtoull(digits, NULL, is_hex ? 16 : 10);
	good = n > 0 && digits[n] == 0 && errno == 0;
	FUZZ_REQUIRE(string_to_u64(text, &found) == good);
	FUZZ_REQUIRE(found == (good ? expected : 77));
	fuzz_accepted += good;
}

/* The conversions that format.h lists, in lengths and with flags. */
static void check_format(uint8_t options, uint64_t a, uint64_t b, const char *text)
{
	static const char *const formats[] = { "%d|%u|%x",     "%5d|%-7u|%08x",
					       "%ld|%lu|%lX",  "%20ld|%-20lu|%016lx",
					       "%hd|%hu|%hhx", "%zu|%jd|%tx",
					       "%c%%%c|%x" };
	const char *format = formats[options % 7];
	char ours[ROOM], theirs[ROOM];
	size_t size = options % ROOM, length;
	int width = (int)(b % 40), precision = (int)(a % 40);

	memset(ours, 0xa5, sizeof(ours));
	memset(theirs, 0xa5, sizeof(theirs));
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	length = format_text(ours, size, format, a, b, a ^ b);
	FUZZ_REQUIRE(length == (size_t)snprintf(theirs, size, format, a, b, a ^ b));
	FUZZ_REQUIRE(memcmp(ours, theirs, sizeof(ours)) == 0);
	length = format_text(ours, size, "%s|%*s|%-*s|%.*s", text, width, text, width, text,
			     precision, text);
	FUZZ_REQUIRE(length == (size_t)snprintf(theirs, size, "%s|%*s|%-*s|%.*s", text, width, text,
						width, text, precision, text));
	FUZZ_REQUIRE(memcmp(ours, theirs, sizeof(ours)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	uint8_t options = fuzz_byte(&input);
	uint64_t a = fuzz_u32(&input) | (uint64_t)fuzz_u32(&input) << 32;
	uint64_t b = fuzz_u32(&input) | (uint64_t)fuzz_u32(&input) << 32;
	size_t room = input.left + 1;
	char *first = malloc(room), *second;
	size_t length;

	FUZZ_REQUIRE(first != NULL);
	if (input.left > 0)
		memcpy(first, input.at, input.left);
	first[room - 1] = 0;
	check_lengths(first, room);
	check_number(first);
	check_format(options, a, b, first);
	length = strlen(first);
	second = fuzz_copy(length + 1 < room ? first + length + 1 : first, /* a block of its own */
			   length + 1 < room ? room - length - 1 : room);
	check_pair(first, second);
	check_pair(second, first);
	free(second);
	free(first);
	return 0;
}
