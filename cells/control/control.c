/* SPDX-License-Identifier: MIT */
/*
 * Serves the control line: one request after the other, each carried out in a
 * task of its own, which is killed when the client goes.
 *
 * It knows the protocol (control.h), not the commands (the cell shell does).
 * A request is taken whole and checked before anything of it is done.
 */
#include <clew/control.h>

#include <stdbool.h>

#include <clew/cell.h>
#include <clew/child.h>
#include <clew/console.h>
#include <clew/log.h>
#include <clew/memory.h>
#include <clew/shell.h>

#include "base/crc32.h"
#include "base/format.h"
#include "base/string.h"

#define HEADER_NS (60 * NS_PER_S)  /* for the header, once it has begun */
#define SILENCE_NS (10 * NS_PER_S) /* the longest pause within a payload */
#define DISCARD_NS (200 * NS_PER_MS)
#define WORDS_MAX 6
#define TEXT_MAX 512

struct request {
	char header[CONTROL_HEADER_MAX + 1];
	const char *words[WORDS_MAX]; /* of header */
	uint32_t n_words;
	bool swap; /* else exec */
	const char *name;
	uint64_t length;
	uint32_t crc;
	map_rw payload;	     /* length bytes and a zero */
	char text[TEXT_MAX]; /* why it was refused */
};

static void request_cleanup(struct request *request)
{
	map_rw_cleanup(&request->payload);
}

/* ---- answers --------------------------------------------------------------------- */

static void send_done(int status)
{
	char text[32];
	size_t length = format_text(text, sizeof(text), CONTROL_DONE " %d\n", status & 255);

	console_send(text, length);
}

static void send_refusal(const char *text)
{
	size_t size = string_length(text);
	char frame[TEXT_MAX + 32];
	size_t length = format_text(frame, sizeof(frame), CONTROL_ERROR " %zu\n%s", size, text);

	console_send(frame, length);
	send_done(1);
}

__attribute__((format(printf, 2, 3))) static int refuse(struct request *request, const char *format,
							...)
{
	va_list arguments;

	va_start(arguments, format);
	format_list(request->text, sizeof(request->text), format, arguments);
	va_end(arguments);
	return -EBADMSG;
}

/* ---- requests ---------------------------------------------------------------------- */

/* The first byte is there.  0, CONSOLE_E_END, or refused. */
static int read_header(struct request *request)
{
	uint64_t deadline_ns = clock_now_ns() + HEADER_NS;
	size_t n = 0, got;

	while (request->header[n] != '\n') {
		int r;

		if (++n == CONTROL_HEADER_MAX)
			return refuse(request, "header line longer than %d bytes",
				      CONTROL_HEADER_MAX);
		r = console_read(CONSOLE_CONTROL, request->header + n, 1, deadline_ns, &got);
		if (r == WAIT_E_TIMEOUT)
			return refuse(request, "header line does not end");
		if (r != 0)
			return r;
	}
	request->header[n] = 0;
	return 0;
}

/* Single spaces; an empty word is a word. */
static int split_header(struct request *request)
{
	char *at = request->header;

	for (request->n_words = 0; request->n_words < WORDS_MAX;) {
		request->words[request->n_words++] = at;
		while (*at && *at != ' ')
			at++;
		if (!*at)
			return 0;
		*at++ = 0;
	}
	return refuse(request, "too many words in the header");
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

static int parse_header(struct request *request)
{
	int r = split_header(request);

	if (r != 0)
		return r;
	if (!string_equal(request->words[0], CONTROL_MAGIC))
		return refuse(request, "expected %s, found %s", CONTROL_MAGIC, request->words[0]);
	if (request->n_words < 4)
		return refuse(request, "expected VERB LENGTH CRC32 in the header");
	request->swap = string_equal(request->words[1], CONTROL_SWAP);
	if (!request->swap && !string_equal(request->words[1], CONTROL_EXEC))
		return refuse(request, "unknown verb %s", request->words[1]);
	if (request->n_words != (request->swap ? 5u : 4u))
		return refuse(request, "%s takes %s name", request->words[1],
			      request->swap ? "a" : "no");
	request->name = request->swap ? request->words[4] : "";
	if (string_length(request->name) >= CELL_NAME_MAX)
		return refuse(request, "name longer than %d bytes", CELL_NAME_MAX - 1);
	if (!parse_decimal(request->words[2], &request->length))
		return refuse(request, "length is not a number: %s", request->words[2]);
	if (request->length > CONTROL_PAYLOAD_MAX)
		return refuse(request, "payload of %lu bytes, at most %u are taken",
			      request->length, CONTROL_PAYLOAD_MAX);
	if (!parse_crc(request->words[3], &request->crc))
		return refuse(request, "CRC is not 8 hexadecimal digits: %s", request->words[3]);
	return 0;
}

static int read_payload(struct request *request)
{
	size_t pages = (request->length + PAGE_SIZE) / PAGE_SIZE, done = 0, got;
	uint32_t crc;
	uint8_t *to;

	if (map_rw_new(pages, FRAME_BUFFER, &request->payload) < 0)
		return refuse(request, "out of memory for %lu bytes", request->length);
	to = map_rw_at(&request->payload);
	while (done < request->length) {
		int r = console_read(CONSOLE_CONTROL, to + done, request->length - done,
				     clock_now_ns() + SILENCE_NS, &got);

		if (r == WAIT_E_TIMEOUT)
			return refuse(request, "payload truncated: expected %lu bytes, found %zu",
				      request->length, done);
		if (r != 0)
			return r;
		done += got;
	}
	crc = crc32_update(0, to, request->length);
	if (crc != request->crc)
		return refuse(request, "CRC of the payload: expected %08x, found %08x",
			      request->crc, crc);
	return 0;
}

static int read_request(struct request *request)
{
	int r = read_header(request);

	if (r == 0)
		r = parse_header(request);
	if (r == 0)
		r = read_payload(request);
	return r;
}

/* What a refused client still sends must not be taken for a request. */
static void discard(void)
{
	uint8_t bytes[64];
	size_t got;

	while (console_read(CONSOLE_CONTROL, bytes, sizeof(bytes), clock_now_ns() + DISCARD_NS,
			    &got) == 0)
		;
}

/* ---- carrying out -------------------------------------------------------------------- */

typedef struct request *request_pointer;

/* In its own task.  Returns the client's exit status; with text set, it was refused. */
static int carry_out(struct request *request)
{
	const char *bytes = map_rw_at(&request->payload);
	struct diag diag;
	int r;

	if (!request->swap)
		return shell_execute(bytes, CONSOLE_CONTROL);
	r = shell_swap(request->name, request->name, bytes, request->length, &diag);
	if (r == 0)
		return 0;
	shell_describe(request->text, sizeof(request->text), CONTROL_SWAP, r, &diag);
	return 1;
}
TASK_ENTRY_PLAIN(carry_out, request_pointer);

OWNER(session); /* word: 1 while the console knows which task to kill */

static void session_cleanup(session *place)
{
	if (place->word != 0)
		console_set_session(0);
	place->word = 0;
}

static session session_of(uint64_t task)
{
	console_set_session(task);
	return (session){ 1 };
}

static int carry_out_in_task(struct request *request)
{
	struct task_options options = { .name = "session", .output = CONSOLE_CONTROL };
	OWN(task_handle, handle) = OWNER_EMPTY;
	struct task_exit exit;

	if (TASK_SPAWN(carry_out, &request, &options, &handle) < 0)
		return refuse(request, "out of memory for a task");
	OWN(task_child, child) = task_child_of(MOVE(handle));
	OWN(session, open) = session_of(child.word);
	if (task_join(task_child_handle(&child), WAIT_FOREVER, &exit) != 0)
		return refuse(request, "its task is gone");
	if (exit.end == TASK_CRASHED)
		return refuse(request, "the command crashed (fault %d)", exit.value);
	return exit.end == TASK_KILLED ? 1 : exit.value;
}

static void serve_one(char first)
{
	__attribute__((cleanup(request_cleanup))) struct request request = { .header = { first } };
	int r = read_request(&request);

	if (r == CONSOLE_E_END)
		return;
	if (r != 0) {
		send_refusal(request.text[0] ? request.text : "the line failed");
		log_write("control: refused: %s", request.text);
		discard();
		return;
	}
	r = carry_out_in_task(&request);
	if (request.text[0])
		send_refusal(request.text);
	else
		send_done(r);
}

/* Waits outside of any request, where a swap may find it (task.h). */
static int serve_step(void *unused)
{
	size_t got;
	char first;

	if (console_read_step(CONSOLE_CONTROL, &first, 1, WAIT_FOREVER, &got) == 0)
		serve_one(first);
	return TASK_AGAIN;
}

CELL_EXPORT int control_start(void)
{
	struct task_options options = {
		.name = "control",
		.output = CONSOLE_CONTROL,
		.essential = true,
	};
	struct task_loop loop = { serve_step, NULL };
	task_handle handle = OWNER_EMPTY;
	int r = task_spawn(task_repeat, &loop, sizeof(loop), &options, &handle);

	if (r < 0)
		return r;
	task_detach(MOVE(handle));
	return 0;
}

CELL("control", 1, CELL_SERVICE, "serves requests from outside on the control line");
