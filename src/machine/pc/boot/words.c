/* SPDX-License-Identifier: MIT */
/* The command line of the pc machine.  Freestanding, no allocation. */
#include "base/string.h"
#include "machine/pc/boot/loader.h"

#define KNOWN_WORDS "interactive, trace, debug-exit, seed=N"

/* Up to this many bytes of a wrong word are shown. */
#define SHOWN_MAX 48

static bool is_word(const char *word, size_t length, const char *known)
{
	return string_length(known) == length && !memcmp(word, known, length);
}

/* Decimal digits only; false: something else, or 2^64 and more. */
static bool parse_number(const char *text, size_t length, uint64_t *ret)
{
	uint64_t value = 0;

	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return false;
	}
	*ret = value;
	return true;
}

static int parse_word(const char *word, size_t length, struct boot_words *words,
		      char reterr[BOOT_ERROR_MAX])
{
	static const char seed[] = "seed=";
	size_t prefix = sizeof(seed) - 1;
	char shown[SHOWN_MAX];

	if (is_word(word, length, "interactive")) {
		words->flags |= MACHINE_INTERACTIVE;
		return 0;
	}
	if (is_word(word, length, "trace")) {
		words->flags |= MACHINE_TRACE;
		return 0;
	}
	if (is_word(word, length, "debug-exit")) {
		words->debug_exit = true;
		return 0;
	}
	loader_copy_word(shown, sizeof(shown), word);
	if (length < prefix || memcmp(word, seed, prefix) != 0)
		return loader_refuse(reterr,
				     "command line: expected words out of " KNOWN_WORDS
				     ", found '%s'",
				     shown);
	words->flags |= MACHINE_SEEDED;
	if (!parse_number(word + prefix, length - prefix, &words->seed))
		return loader_refuse(reterr,
				     "command line: expected a decimal number below 2^64 after "
				     "seed=, found '%s'",
				     shown);
	return 0;
}

int boot_parse_words(const char *words, struct boot_words *ret, char reterr[BOOT_ERROR_MAX])
{
	struct boot_words parsed = { 0 };
	char later[BOOT_ERROR_MAX]; /* errors after the first */
	int error = 0;

	while (*words) {
		size_t length = 0;
		int r;

		if (loader_is_blank(*words)) {
			words++;
			continue;
		}
		while (words[length] && !loader_is_blank(words[length]))
			length++;
		r = parse_word(words, length, &parsed, error ? later : reterr);
		error = error ? error : r;
		words += length;
	}
	if (error)
		ret->debug_exit = parsed.debug_exit;
	else
		*ret = parsed;
	return error;
}
