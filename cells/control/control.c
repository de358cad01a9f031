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

#include "block.h"
#include "request.h"

#define HEADER_NS (60 * NS_PER_S)  /* for the header, once it has begun */
#define SILENCE_NS (10 * NS_PER_S) /* the longest pause within a payload */
#define DISCARD_NS (200 * NS_PER_MS)
#define BULK_POLL_NS (500 * NS_PER_US) /* the bulk line does not tell when something comes */

struct control_state {
	struct block_stream stream;
	bool awaits_sync; /* after a BREAK: nothing but a sync line is taken */
};

CELL_STATE(control, "whether the line's session has begun, where the bulk line stands");

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
	char frame[REQUEST_TEXT_MAX + 32];
	size_t length = format_text(frame, sizeof(frame), CONTROL_ERROR " %zu\n%s", size, text);

	console_send(frame, length);
	send_done(1);
}

static void send_sync(const char *nonce)
{
	char text[CONTROL_HEADER_MAX + 1];
	size_t length = format_text(text, sizeof(text), CONTROL_SYNC " %s\n", nonce);

	console_send(text, length);
}

/* ---- the line ---------------------------------------------------------------------- */

static int note_end(int r)
{
	if (r == CONSOLE_E_BREAK || r == CONSOLE_E_END)
		control_state.awaits_sync = r == CONSOLE_E_BREAK;
	return r;
}

static int receive(void *ret, size_t size, uint64_t deadline_ns, size_t *ret_size)
{
	return note_end(console_read(CONSOLE_CONTROL, ret, size, deadline_ns, ret_size));
}

/* What a refused client still sends must not be taken for a request. */
static void discard(void)
{
	uint8_t bytes[64];
	size_t got;

	while (receive(bytes, sizeof(bytes), clock_now_ns() + DISCARD_NS, &got) == 0)
		;
}

/* ---- requests ---------------------------------------------------------------------- */

/* The first byte is there.  0, the end of the session, or refused. */
static int read_header(struct request *request)
{
	uint64_t deadline_ns = clock_now_ns() + HEADER_NS;
	size_t n = 0, got;

	while (request->header[n] != '\n') {
		int r;

		if (++n == CONTROL_HEADER_MAX)
			return request_refuse(request, "header line longer than %d bytes",
					      CONTROL_HEADER_MAX);
		r = receive(request->header + n, 1, deadline_ns, &got);
		if (r == WAIT_E_TIMEOUT)
			return request_refuse(request, "header line does not end");
		if (r != 0)
			return r;
	}
	request->header[n] = 0;
	return 0;
}

/* ---- payloads ---------------------------------------------------------------------- */

static int refuse_truncated(struct request *request, size_t found)
{
	return request_refuse(request, "payload truncated: expected %lu bytes, found %zu",
			      request->length, found);
}

static int read_inline(struct request *request, uint8_t *to)
{
	size_t done = 0, got;

	while (done < request->length) {
		int r = receive(to + done, request->length - done, clock_now_ns() + SILENCE_NS,
				&got);

		if (r == WAIT_E_TIMEOUT)
			return refuse_truncated(request, done);
		if (r != 0)
			return r;
		done += got;
	}
	return 0;
}

/*
 * A moment for the bulk line, in which the end of the session is noticed; bytes of the control
 * line belong to nothing then.  0; WAIT_E_TIMEOUT: the deadline has passed; or that end.
 */
static int wait_for_bulk(uint64_t deadline_ns)
{
	uint8_t byte;
	size_t got;
	int r = receive(&byte, 1, clock_now_ns() + BULK_POLL_NS, &got);

	if (r != 0 && r != WAIT_E_TIMEOUT)
		return r;
	return clock_now_ns() < deadline_ns ? 0 : WAIT_E_TIMEOUT;
}

/* Where a block begins is not known any more: the next one does after a silence. */
static void resynchronise(void)
{
	uint64_t now_ns = clock_now_ns();
	uint64_t deadline_ns = now_ns + SILENCE_NS, silent_ns = now_ns + DISCARD_NS;
	int r = 0;

	while (r == 0 && now_ns < silent_ns) {
		if (block_drop() == 0)
			silent_ns = clock_now_ns() + DISCARD_NS;
		r = wait_for_bulk(deadline_ns);
		now_ns = clock_now_ns();
	}
}

static int refuse_bulk(struct request *request, int r)
{
	uint32_t found = control_state.stream.header.magic;

	if (r == -ENODEV)
		return request_refuse(request, "this machine has no bulk line");
	if (r != -EBADMSG)
		return request_refuse(request, "the bulk line failed");
	resynchronise();
	return request_refuse(request,
			      "the bulk line is out of step: expected a block %08x, found %08x",
			      BULK_MAGIC, found);
}

/* Blocks of requests that were refused or given up are skipped. */
static int find_block(struct request *request)
{
	struct block_stream *stream = &control_state.stream;
	uint64_t deadline_ns = clock_now_ns() + SILENCE_NS;
	int r = block_next(stream);

	while (r == BLOCK_E_NOTHING || (r == 0 && stream->header.id != request->block)) {
		int waited = r == 0 ? 0 : wait_for_bulk(deadline_ns);

		if (waited == WAIT_E_TIMEOUT)
			return refuse_truncated(request, 0);
		if (waited != 0)
			return waited;
		r = block_next(stream);
	}
	return r < 0 ? refuse_bulk(request, r) : 0;
}

static int read_block(struct request *request, uint8_t *to)
{
	struct block_stream *stream = &control_state.stream;
	uint64_t deadline_ns = clock_now_ns() + SILENCE_NS;
	size_t done = 0, got;

	while (stream->left > 0) {
		int r = block_take(stream, to + done, stream->left, &got);

		if (r < 0)
			return refuse_bulk(request, r);
		if (r == 0) {
			done += got;
			deadline_ns = clock_now_ns() + SILENCE_NS;
			continue;
		}
		r = wait_for_bulk(deadline_ns);
		if (r == WAIT_E_TIMEOUT)
			return refuse_truncated(request, done);
		if (r != 0)
			return r;
	}
	return done < request->length ? refuse_truncated(request, done) : 0;
}

static int read_bulk(struct request *request, uint8_t *to)
{
	int r = find_block(request);

	if (r != 0)
		return r;
	if (control_state.stream.header.length > request->length)
		return request_refuse(request, "block of %u bytes, expected %lu",
				      control_state.stream.header.length, request->length);
	return read_block(request, to);
}

static int read_payload(struct request *request)
{
	size_t pages = (request->length + PAGE_SIZE) / PAGE_SIZE;
	uint32_t crc;
	uint8_t *to;
	int r;

	if (map_rw_new(pages, FRAME_BUFFER, &request->payload) < 0)
		return request_refuse(request, "out of memory for %lu bytes", request->length);
	to = map_rw_at(&request->payload);
	r = request->is_bulk ? read_bulk(request, to) : read_inline(request, to);
	if (r != 0)
		return r;
	crc = crc32_update(0, to, request->length);
	if (crc != request->crc)
		return request_refuse(request, "CRC of the payload: expected %08x, found %08x",
				      request->crc, crc);
	return 0;
}

static int read_request(struct request *request)
{
	int r = read_header(request);

	if (r == 0)
		r = request_parse(request);
	if (r == 0 && request->verb != REQUEST_SYNC)
		r = read_payload(request);
	return r;
}

/* ---- carrying out -------------------------------------------------------------------- */

typedef struct request *request_pointer;

/* In its own task.  Returns the client's exit status; with text set, it was refused. */
static int carry_out(struct request *request)
{
	const char *bytes = map_rw_at(&request->payload);
	struct diag diag;
	int r;

	if (request->verb == REQUEST_EXEC)
		return shell_execute(bytes, CONSOLE_CONTROL);
	r = shell_swap(request->name, request->name, bytes, request->length, &diag);
	if (r == 0)
		return 0;
	shell_describe(request->text, sizeof(request->text), CONTROL_SWAP, r, &diag);
	return 1;
}
TASK_ENTRY_PLAIN(carry_out, request_pointer);

OWNER(session); /* word: 1 while the console knows which task to kill */
OWN_IMPLEMENTS(session, "the word says whether the console was told");

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
		return request_refuse(request, "out of memory for a task");
	OWN(task_child, child) = task_child_of(MOVE(handle));
	OWN(session, open) = session_of(task_child_id(&child));
	if (task_join(task_child_handle(&child), WAIT_FOREVER, &exit) != 0)
		return request_refuse(request, "its task is gone");
	if (exit.end == TASK_CRASHED)
		return request_refuse(request, "the command crashed (fault %d)", exit.value);
	return exit.end == TASK_KILLED ? 1 : exit.value;
}

static void serve_one(char first)
{
	__attribute__((cleanup(request_cleanup))) struct request request = { .header = { first } };
	int r = read_request(&request);

	if (r == CONSOLE_E_END || r == CONSOLE_E_BREAK)
		return;
	if (r == 0 && request.verb == REQUEST_SYNC) {
		send_sync(request.name);
		return;
	}
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

/* ---- sessions that begin by a BREAK ---------------------------------------------------- */

/*
 * The end of a line that is in *ret_line: what of it is before a zero byte, which a BREAK
 * leaves, or too long for a sync line does not count.
 */
static int read_line_end(char first, char ret_line[static CONTROL_HEADER_MAX + 1])
{
	uint64_t deadline_ns = clock_now_ns() + HEADER_NS;
	size_t n = 0, got;
	char byte = first;

	while (byte != '\n') {
		int r;

		if (n == CONTROL_HEADER_MAX) {
			n /= 2;
			memmove(ret_line, ret_line + n, n);
		}
		ret_line[n++] = byte;
		if (byte == 0)
			n = 0;
		r = receive(&byte, 1, deadline_ns, &got);
		if (r != 0)
			return r;
	}
	ret_line[n] = 0;
	return 0;
}

/* What was under way before the BREAK may have come before it on the same line. */
static const char *find_sync(const char *line)
{
	for (size_t at = string_length(line); at-- > 0;) {
		if (string_starts(line + at, CONTROL_MAGIC " " CONTROL_SYNC " "))
			return line + at;
	}
	return NULL;
}

static void await_sync(char first)
{
	struct request request = { .payload = OWNER_EMPTY };
	char line[CONTROL_HEADER_MAX + 1];
	const char *sync;

	if (read_line_end(first, line) != 0)
		return;
	sync = find_sync(line);
	if (!sync)
		return;
	string_copy(request.header, sizeof(request.header), sync);
	if (request_parse(&request) != 0)
		return;
	control_state.awaits_sync = false;
	send_sync(request.name);
}

/* Waits outside of any request, where a swap may find it (task.h). */
static int serve_step(void *unused)
{
	size_t got;
	char first;

	if (note_end(console_read_step(CONSOLE_CONTROL, &first, 1, WAIT_FOREVER, &got)) != 0)
		return TASK_AGAIN;
	if (control_state.awaits_sync)
		await_sync(first);
	else
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
