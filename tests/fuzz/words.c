/* SPDX-License-Identifier: MIT */
/*
 * The command line of the pc machine: any text is taken or refused with a
 * sentence that a terminal can show; what is taken is what an independent
 * reading of the words gives.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "machine/pc/boot/boot.h"

#define BLANKS " \t\r\n"

/* boot.h: interactive, trace, debug-exit, seed=N, and nothing else.  False: something else. */
static bool read_words(char *text, struct boot_words *ret)
{
	for (char *word = strtok(text, BLANKS); word; word = strtok(NULL, BLANKS)) {
		bool is_seed = strncmp(word, "seed=", 5) == 0;
		size_t digits = is_seed ? strspn(word + 5, "0123456789") : 0;

		if (strcmp(word, "interactive") == 0) {
			ret->flags |= MACHINE_INTERACTIVE;
		} else if (strcmp(word, "trace") == 0) {
			ret->flags |= MACHINE_TRACE;
		} else if (strcmp(word, "debug-exit") == 0) {
			ret->debug_exit = true;
		} else if (digits > 0 && !word[5 + digits]) {
			errno = 0;
			ret->seed = strtoull(word + 5, NULL, 10);
			ret->flags |= MACHINE_SEEDED;
			if (errno != 0)
				return false;
		} else {
			return false;
		}
	}
	return true;
}

static void check_sentence(const char *error)
{
	FUZZ_REQUIRE(memchr(error, 0, BOOT_ERROR_MAX) != NULL && error[0]);
	for (; *error; error++)
		FUZZ_REQUIRE(*error >= ' ' && *error < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct boot_words words, before, expected = { 0 };
	char text[BOOT_WORDS_MAX] = "", *copy, error[BOOT_ERROR_MAX];
	bool good;
	int r;

	memcpy(text, data, size < sizeof(text) ? size : sizeof(text) - 1);
	copy = fuzz_copy(text, strlen(text) + 1);
	memset(error, 0xee, sizeof(error));
	memset(&words, 0xee, sizeof(words));
	before = words;
	r = boot_parse_words(copy, &words, error);
	good = read_words(text, &expected);
	FUZZ_REQUIRE((r == 0) == good);
	if (good) {
		FUZZ_REQUIRE(words.flags == expected.flags);
		FUZZ_REQUIRE(!(words.flags & MACHINE_SEEDED) || words.seed == expected.seed);
		FUZZ_REQUIRE(words.debug_exit == expected.debug_exit);
		fuzz_accepted++;
	} else {
		before.debug_exit = words.debug_exit; /* the one that is set on failure */
		FUZZ_REQUIRE(r == -EINVAL && memcmp(&words, &before, sizeof(words)) == 0);
		check_sentence(error);
	}
	free(copy);
	return 0;
}
