/* SPDX-License-Identifier: MIT */
/*
 * The shell's commands: any text is split into commands within it; a command
 * that is written out again, each word between quotes, is the same command.
 */
#include "../../cells/shell/line.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The longest text of a command, where each byte of a word is a quote: '\'' and blanks. */
#define WRITTEN_MAX (4 * LINE_TEXT_MAX + 4 * LINE_WORDS_MAX + 16)

static struct line line, again;

static bool is_within(const char *word)
{
	return word >= line.text && word < line.text + line.used &&
	       memchr(word, 0, (size_t)(line.text + line.used - word)) != NULL;
}

static void check_line(void)
{
	FUZZ_REQUIRE(line.argc >= 1 && line.argc <= LINE_WORDS_MAX);
	FUZZ_REQUIRE(line.used <= LINE_TEXT_MAX);
	FUZZ_REQUIRE(line.argv[line.argc] == NULL);
	for (int i = 0; i < line.argc; i++)
		FUZZ_REQUIRE(is_within(line.argv[i]));
	FUZZ_REQUIRE(line.output == NULL || is_within(line.output));
	FUZZ_REQUIRE(line.output != NULL || !line.append);
}

/* XCU 2.2.2: between single quotes every byte stands for itself; one of them is '\''. */
static char *write_word(char *to, const char *word)
{
	*to++ = ' ';
	*to++ = '\'';
	for (; *word; word++) {
		if (*word == '\'') {
			memcpy(to, "'\\''", 4);
			to += 4;
		} else {
			*to++ = *word;
		}
	}
	*to++ = '\'';
	return to;
}

static size_t write_line(char *text)
{
	char *to = text;

	for (int i = 0; i < line.argc; i++)
		to = write_word(to, line.argv[i]);
	if (line.output) {
		*to++ = '>';
		*to = '>';
		to = write_word(to + line.append, line.output);
	}
	*to++ = line.background ? '&' : ';';
	return (size_t)(to - text);
}

static void check_same(void)
{
	FUZZ_REQUIRE(again.argc == line.argc && again.background == line.background);
	for (int i = 0; i < line.argc; i++)
		FUZZ_REQUIRE(strcmp(again.argv[i], line.argv[i]) == 0);
	FUZZ_REQUIRE((again.output == NULL) == (line.output == NULL));
	FUZZ_REQUIRE(!line.output || strcmp(again.output, line.output) == 0);
	FUZZ_REQUIRE(again.append == line.append);
}

/* A zero byte in a word ends it for whoever reads it: those after it do not come again. */
static void check_round_trip(void)
{
	static char written[WRITTEN_MAX];
	size_t size = write_line(written);
	char *text = fuzz_copy(written, size);
	const char *at = text;

	FUZZ_REQUIRE(line_next(&at, text + size, &again) == 0);
	FUZZ_REQUIRE(at == text + size);
	check_same();
	FUZZ_REQUIRE(line_next(&at, text + size, &again) == LINE_E_END);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_copy(data, size);
	const char *at = text, *end = text + size, *before;
	bool good = size > 0;
	int r;

	do {
		before = at;
		memset(&line, 0xa5, sizeof(line));
		r = line_next(&at, end, &line);
		FUZZ_REQUIRE(at >= before && at <= end);
		FUZZ_REQUIRE(r >= 0 && r <= LINE_E_OUTPUT && line_error(r)[0]);
		FUZZ_REQUIRE(r == LINE_E_END || at > before);
		FUZZ_REQUIRE(r != LINE_E_QUOTE || at == end);
		if (r == 0) {
			check_line();
			check_round_trip();
		}
		good &= r == 0 || r == LINE_E_END;
	} while (r != LINE_E_END);
	FUZZ_REQUIRE(at == end);
	fuzz_accepted += good;
	free(text);
	return 0;
}
