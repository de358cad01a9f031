/* SPDX-License-Identifier: MIT */
/* See request.h. */
#include "request.h"

#include <stdarg.h>

#include <clew/cell.h>

#include "base/format.h"
#include "base/string.h"

/* How many words a header has. */
static const struct {
	const char *word;
	uint32_t least, most;
	const char *takes;
} verbs[REQUEST_VERBS] = {
	[REQUEST_EXEC] = { CONTROL_EXEC, 4, 4, "no name" },
	[REQUEST_SWAP] = { CONTROL_SWAP, 5, 6, "a name" },
	[REQUEST_SYNC] = { CONTROL_SYNC, 5, 5, "a nonce" },
};

int request_refuse(struct request *request, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_list(request->text, sizeof(request->text), format, arguments);
	va_end(arguments);
	return -EBADMSG;
}

/* Single spaces; an empty word is a word. */
static int split_header(struct request *request)
{
	char *at = request->header;

	for (request->n_words = 0; request->n_words < REQUEST_WORDS_MAX;) {
		request->words[request->n_words++] = at;
		while (*at && *at != ' ')
			at++;
		if (!*at)
			return 0;
		*at++ = 0;
	}
	return request_refuse(request, "too many words in the header");
}

static bool parse_decimal(const char *text, uint64_t *ret)
{
	return text[0] >= '0' && text[0] <= '9' && !string_starts(text, "0x") &&
	       string_to_u64(text, ret);
}

/* Eight lower-case hexadecimal digits. */
static bool parse_crc(const char *text, uint32_t *ret)
{
	uint32_t value = 0;
	size_t n = 0;

	for (; text[n]; n++) {
		bool digit = text[n] >= '0' && text[n] <= '9';

		if (n == 8 || (!digit && (text[n] < 'a' || text[n] > 'f')))
			return false;
		value = value << 4 | (uint32_t)(digit ? text[n] - '0' : text[n] - 'a' + 10);
	}
	*ret = value;
	return n == 8;
}

static int parse_verb(struct request *request)
{
	int verb = 0;

	while (!string_equal(request->words[1], verbs[verb].word)) {
		if (++verb == REQUEST_VERBS)
			return request_refuse(request, "unknown verb %s", request->words[1]);
	}
	request->verb = (enum request_verb)verb;
	if (request->n_words < verbs[verb].least || request->n_words > verbs[verb].most ||
	    (verb == REQUEST_SYNC && !request->words[4][0]))
		return request_refuse(request, "%s takes %s", verbs[verb].word, verbs[verb].takes);
	return 0;
}

/* The words after CRC32. */
static int parse_name(struct request *request)
{
	uint64_t block;

	request->name = request->n_words > 4 ? request->words[4] : "";
	if (string_length(request->name) >= CELL_NAME_MAX)
		return request_refuse(request, "name longer than %d bytes", CELL_NAME_MAX - 1);
	request->is_bulk = request->n_words > 5;
	if (!request->is_bulk)
		return 0;
	if (!string_starts(request->words[5], CONTROL_BULK))
		return request_refuse(request, "expected " CONTROL_BULK "ID, found %s",
				      request->words[5]);
	if (!parse_decimal(request->words[5] + sizeof(CONTROL_BULK) - 1, &block) ||
	    block > UINT32_MAX)
		return request_refuse(request, "block is not a number: %s", request->words[5]);
	request->block = (uint32_t)block;
	return 0;
}

static int parse_sizes(struct request *request)
{
	if (!parse_decimal(request->words[2], &request->length))
		return request_refuse(request, "length is not a number: %s", request->words[2]);
	if (request->verb == REQUEST_SYNC && request->length > 0)
		return request_refuse(request, CONTROL_SYNC " takes no payload");
	if (request->length > CONTROL_PAYLOAD_MAX)
		return request_refuse(request, "payload of %lu bytes, at most %u are taken",
				      request->length, CONTROL_PAYLOAD_MAX);
	if (!parse_crc(request->words[3], &request->crc))
		return request_refuse(request, "CRC is not 8 hexadecimal digits: %s",
				      request->words[3]);
	return 0;
}

int request_parse(struct request *request)
{
	int r = split_header(request);

	if (r != 0)
		return r;
	if (!string_equal(request->words[0], CONTROL_MAGIC))
		return request_refuse(request, "expected %s, found %s", CONTROL_MAGIC,
				      request->words[0]);
	if (request->n_words < 4)
		return request_refuse(request, "expected VERB LENGTH CRC32 in the header");
	r = parse_verb(request);
	if (r == 0)
		r = parse_name(request);
	if (r == 0)
		r = parse_sizes(request);
	return r;
}
