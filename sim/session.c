/* SPDX-License-Identifier: MIT */
/*
 * Relays one client at a time between the control socket and COM2.
 *
 * It reads as much of the protocol as it takes to know where a request and
 * its answer end; whether a request is good is for the guest to say.
 *
 *	idle -> sync -> header -> payload | collect -> answer -> linger -> idle
 *
 * A client that goes before its answer is complete leaves the line by a BREAK,
 * so what it had the guest do ends.
 */
#include "session.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <clew/bulk.h>
#include <clew/control.h>
#include <clew/machine.h>

#include "listener.h"
#include "watch.h"

#define SESSION_IAC 0xff   /* RFC 854: interpret as command; doubled it is a byte */
#define SESSION_BREAK 0xf3 /* RFC 854 */

#define SESSION_SYNC_FIRST_MS 200 /* until the guest is asked again; doubled each time, */
#define SESSION_SYNC_MOST_MS 2000 /* up to this */
#define SESSION_GIVE_UP_US (30 * G_USEC_PER_SEC)
#define SESSION_HEADER_MS 60000	 /* for the header, once it has begun */
#define SESSION_SILENCE_MS 10000 /* the longest pause within a payload */
#define SESSION_PATIENCE_MS 5000 /* with a client that does not read */
#define SESSION_LINGER_MS 1000	 /* with one that does not go */
#define SESSION_END_US (2 * G_USEC_PER_SEC)

#define SESSION_INLINE_MAX 4096u       /* larger objects take the bulk line */
#define SESSION_LINE_FULL 4096u	       /* bytes for the line: the client is not read */
#define SESSION_CLIENT_FULL (1u << 20) /* bytes for the client: the line is not read */

enum session_state {
	SESSION_IDLE,
	SESSION_SYNC,	 /* waits for the guest to answer `sync` */
	SESSION_HEADER,	 /* the client's first line */
	SESSION_PAYLOAD, /* relays what follows it */
	SESSION_COLLECT, /* gathers what follows it, for the bulk line */
	SESSION_ANSWER,
	SESSION_LINGER, /* the answer is complete, the client has not gone */
};

static struct {
	GSocket *listener, *client;
	int line, bulk; /* -1: closed, or none */
	enum session_state state;
	bool client_open; /* may still send */
	GByteArray *to_line, *to_bulk, *to_client;
	bool line_split;  /* the first byte of to_line is the second of a pair */
	guint bulk_begun; /* bytes of to_bulk that belong to a block whose begin was sent */
	uint32_t bulk_id;
	struct watch listener_watch, client_watch, line_in, line_out, bulk_out;
	GSource *timer;	     /* of the state */
	GSource *impatience; /* runs while to_client is full */

	char sync[40]; /* the line that is waited for */
	size_t sync_matched;
	guint sync_ms;
	gint64 sync_end_us;

	char header[CONTROL_HEADER_MAX + 1];
	size_t header_size;
	uint64_t payload_left; /* bytes that are to come */
	GByteArray *payload;   /* collected */

	char frame[32]; /* header line of an answer's frame */
	size_t frame_size;
	uint64_t frame_left; /* bytes of its text that are to come */
} session = { .line = -1, .bulk = -1 };

static void session_to_state(enum session_state state, guint timer_ms);

/* ---- to the guest ------------------------------------------------------------- */

static void session_send(const void *bytes, size_t size)
{
	static const uint8_t pair[] = { SESSION_IAC, SESSION_IAC };
	const uint8_t *at = bytes;

	if (session.line < 0)
		return;
	for (const uint8_t *end = at + size; at < end; at++)
		g_byte_array_append(session.to_line, *at == SESSION_IAC ? pair : at,
				    *at == SESSION_IAC ? 2 : 1);
}

/* What has not been sent yet is for nobody. */
static void session_send_break(void)
{
	static const uint8_t end[] = { SESSION_IAC, SESSION_BREAK, '\n' };

	g_byte_array_set_size(session.to_line, session.line_split ? 1 : 0);
	if (session.line >= 0)
		g_byte_array_append(session.to_line, end, sizeof(end));
}

/* Bytes that were under way come after the break: the line feed ends their line. */
static void session_send_sync(void)
{
	g_autofree char *line = NULL;

	g_snprintf(session.sync, sizeof(session.sync), CONTROL_SYNC " %08x%08x\n", g_random_int(),
		   g_random_int());
	session.sync_matched = 0;
	session_send_break();
	line = g_strdup_printf(CONTROL_MAGIC " " CONTROL_SYNC " 0 00000000%s",
			       session.sync + strlen(CONTROL_SYNC));
	session_send(line, strlen(line));
}

static void session_write_line(void)
{
	GByteArray *queue = session.to_line;
	ssize_t n = send(session.line, queue->data, queue->len, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		n = (ssize_t)queue->len;
	for (ssize_t i = 0; i < n; i++)
		session.line_split = !session.line_split && queue->data[i] == SESSION_IAC;
	g_byte_array_remove_range(queue, 0, (guint)n);
}

static void session_write_bulk(void)
{
	GByteArray *queue = session.to_bulk;
	ssize_t n = send(session.bulk, queue->data, queue->len, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		n = (ssize_t)queue->len;
	g_byte_array_remove_range(queue, 0, (guint)n);
	session.bulk_begun = n > session.bulk_begun ? queue->len : session.bulk_begun - (guint)n;
}

/* ---- requests ------------------------------------------------------------------- */

struct session_request {
	uint64_t length;
	bool is_swap;
};

/* What the header says, as far as it matters here; false: it is not one. */
static bool session_parse_header(const char *header, struct session_request *ret)
{
	g_auto(GStrv) words = g_strsplit(header, " ", 0);
	guint n = g_strv_length(words);

	if (n < 4 || strcmp(words[0], CONTROL_MAGIC) != 0)
		return false;
	ret->is_swap = n == 5 && strcmp(words[1], CONTROL_SWAP) == 0;
	if (!ret->is_swap && (n != 4 || strcmp(words[1], CONTROL_EXEC) != 0))
		return false;
	return g_ascii_string_to_unsigned(words[2], 10, 0, CONTROL_PAYLOAD_MAX, &ret->length, NULL);
}

/* The header as it came, so far. */
static void session_send_header(void)
{
	session_send(session.header, session.header_size);
	session_to_state(SESSION_ANSWER, 0);
}

static void session_send_collected(void)
{
	struct bulk_header block = {
		.magic = BULK_MAGIC,
		.id = session.bulk_id,
		.length = session.payload->len,
	};

	g_byte_array_append(session.to_bulk, (const guint8 *)&block, sizeof(block));
	g_byte_array_append(session.to_bulk, session.payload->data, session.payload->len);
	g_byte_array_set_size(session.payload, 0);
	session_send_header();
}

/* The name of the block becomes a word of the header. */
static bool session_name_block(void)
{
	g_autofree char *header =
		g_strdup_printf("%s " CONTROL_BULK "%u\n", session.header, session.bulk_id + 1);

	if (strlen(header) > CONTROL_HEADER_MAX)
		return false;
	session.bulk_id++;
	session.header_size = strlen(header);
	memcpy(session.header, header, session.header_size + 1);
	return true;
}

/* The header's line feed has come. */
static void session_start_request(void)
{
	struct session_request request;
	bool good;

	session.header[session.header_size - 1] = 0;
	good = strlen(session.header) == session.header_size - 1 && /* no zero in it */
	       session_parse_header(session.header, &request);
	if (good && request.is_swap && request.length > SESSION_INLINE_MAX && session.bulk >= 0 &&
	    session_name_block()) {
		session.payload_left = request.length;
		session_to_state(SESSION_COLLECT, SESSION_SILENCE_MS);
		return;
	}
	session.header[session.header_size - 1] = '\n';
	session_send_header();
	if (good && request.length > 0) {
		session.payload_left = request.length;
		session_to_state(SESSION_PAYLOAD, 0);
	}
}

static void session_take_header(uint8_t byte)
{
	if (session.header_size == 0)
		session_to_state(SESSION_HEADER, SESSION_HEADER_MS);
	session.header[session.header_size++] = (char)byte;
	if (byte == '\n')
		session_start_request();
	else if (session.header_size == CONTROL_HEADER_MAX)
		session_send_header();
}

static void session_take_payload(const uint8_t *bytes, size_t size)
{
	size_t n = (size_t)MIN(size, session.payload_left);

	session.payload_left -= n;
	if (session.state == SESSION_PAYLOAD) {
		session_send(bytes, n);
		if (session.payload_left == 0)
			session_to_state(SESSION_ANSWER, 0);
		return;
	}
	g_byte_array_append(session.payload, bytes, (guint)n);
	if (session.payload_left == 0)
		session_send_collected();
	else
		session_to_state(SESSION_COLLECT, SESSION_SILENCE_MS);
}

/* What comes after a request is dropped. */
static void session_take_request(const uint8_t *bytes, size_t size)
{
	while (size > 0 && session.state == SESSION_HEADER) {
		session_take_header(*bytes++);
		size--;
	}
	if (session.state == SESSION_PAYLOAD || session.state == SESSION_COLLECT)
		session_take_payload(bytes, size);
}

/* The client has said all it will. */
static void session_end_request(void)
{
	session.client_open = false;
	if (session.state == SESSION_HEADER)
		session_send_header();
	else if (session.state == SESSION_COLLECT)
		session_send_collected();
}

/* ---- answers -------------------------------------------------------------------- */

static void session_begin(GSocket *client)
{
	session.client = client;
	session.client_open = true;
	session.header_size = 0;
	session.frame_size = 0;
	session.frame_left = 0;
	session.sync_end_us = g_get_monotonic_time() + SESSION_GIVE_UP_US;
	session.sync_ms = SESSION_SYNC_FIRST_MS;
	session_send_sync();
	session_to_state(SESSION_SYNC, session.sync_ms);
}

static void session_drop(void)
{
	watch_drop(&session.client_watch);
	g_clear_object(&session.client);
	if (session.state != SESSION_LINGER)
		session_send_break();
	g_byte_array_set_size(session.to_bulk, session.bulk_begun);
	g_byte_array_set_size(session.to_client, 0);
	g_byte_array_set_size(session.payload, 0);
	session_to_state(SESSION_IDLE, 0);
}

static void session_give_up(void)
{
	static const char why[] = "the system does not answer on its control line";
	g_autofree char *answer = g_strdup_printf(CONTROL_ERROR " %zu\n%s" CONTROL_DONE " %d\n",
						  strlen(why), why, MACHINE_DIED);

	g_byte_array_append(session.to_client, (const guint8 *)answer, (guint)strlen(answer));
	session_send_break();
	session_to_state(SESSION_LINGER, SESSION_PATIENCE_MS);
}

/* sync[] begins with its only `s`. */
static void session_match_sync(char byte)
{
	if (byte != session.sync[session.sync_matched])
		session.sync_matched = 0;
	if (byte != session.sync[session.sync_matched])
		return;
	if (session.sync[++session.sync_matched] == 0)
		session_to_state(SESSION_HEADER, 0);
}

static bool session_frame_is(const char *word, guint64 max, guint64 *ret)
{
	size_t n = strlen(word);

	return strncmp(session.frame, word, n) == 0 && session.frame[n] == ' ' &&
	       g_ascii_string_to_unsigned(session.frame + n + 1, 10, 0, max, ret, NULL);
}

/* A line that is no frame's is the client's to find wrong. */
static void session_take_frame(void)
{
	guint64 number;

	session.frame[MIN(session.frame_size, sizeof(session.frame) - 1)] = 0;
	session.frame_size = 0;
	if (session_frame_is(CONTROL_OUT, CONTROL_FRAME_MAX, &number) ||
	    session_frame_is(CONTROL_ERROR, CONTROL_FRAME_MAX, &number))
		session.frame_left = number;
	else if (session_frame_is(CONTROL_DONE, 255, &number))
		session_to_state(SESSION_LINGER, SESSION_PATIENCE_MS);
}

static void session_take_answer(char byte)
{
	g_byte_array_append(session.to_client, (const guint8 *)&byte, 1);
	if (session.frame_left > 0)
		session.frame_left--;
	else if (byte == '\n')
		session_take_frame();
	else if (session.frame_size++ < sizeof(session.frame) - 1)
		session.frame[session.frame_size - 1] = byte;
}

/* Outside of a session, what the guest says is for nobody. */
static void session_take_from_line(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (session.state == SESSION_SYNC)
			session_match_sync(bytes[i]);
		else if (session.state != SESSION_IDLE && session.state != SESSION_LINGER)
			session_take_answer(bytes[i]);
	}
}

static bool session_read_line(void)
{
	char bytes[4096];
	ssize_t n = recv(session.line, bytes, sizeof(bytes), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		watch_drop(&session.line_in);
		watch_drop(&session.line_out);
		g_byte_array_set_size(session.to_line, 0);
		session.line_split = false;
		session.line = -1;
		return false;
	}
	session_take_from_line(bytes, (size_t)n);
	return true;
}

/* ---- client --------------------------------------------------------------------- */

static void session_write_client(void)
{
	g_autoptr(GError) error = NULL;
	gssize n = g_socket_send(session.client, (const char *)session.to_client->data,
				 session.to_client->len, NULL, &error);

	if (n > 0)
		g_byte_array_remove_range(session.to_client, 0, (guint)n);
	else if (n < 0 && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
		session_drop();
	if (session.state == SESSION_LINGER && session.to_client->len == 0) {
		g_socket_shutdown(session.client, FALSE, TRUE, NULL);
		session_to_state(SESSION_LINGER, SESSION_LINGER_MS);
	}
}

static void session_read_client(void)
{
	g_autoptr(GError) error = NULL;
	char bytes[16 << 10];
	gssize n = g_socket_receive(session.client, bytes, sizeof(bytes), NULL, &error);

	if (n > 0)
		session_take_request((const uint8_t *)bytes, (size_t)n);
	else if (n == 0)
		session_end_request();
	else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
		session_drop();
}

/* ---- watches and timers ------------------------------------------------------------ */

static gboolean session_on_timer(gpointer unused)
{
	switch (session.state) {
	case SESSION_SYNC:
		if (g_get_monotonic_time() >= session.sync_end_us) {
			session_give_up();
			break;
		}
		session.sync_ms = MIN(2 * session.sync_ms, SESSION_SYNC_MOST_MS);
		session_send_sync();
		session_to_state(SESSION_SYNC, session.sync_ms);
		break;
	case SESSION_HEADER:
		session_send_header();
		break;
	case SESSION_COLLECT:
		session_send_collected();
		break;
	case SESSION_LINGER:
		session_drop();
		break;
	default:
		break;
	}
	return G_SOURCE_REMOVE;
}

static void session_clear_timer(GSource **timer)
{
	if (*timer)
		g_source_destroy(*timer);
	g_clear_pointer(timer, g_source_unref);
}

static void session_set_timer(GSource **timer, guint ms, GSourceFunc callback)
{
	*timer = g_timeout_source_new(ms);
	g_source_set_callback(*timer, callback, NULL, NULL);
	g_source_attach(*timer, NULL);
}

/* timer_ms 0: the state has no limit of its own. */
static void session_to_state(enum session_state state, guint timer_ms)
{
	session_clear_timer(&session.timer);
	session.state = state;
	if (timer_ms)
		session_set_timer(&session.timer, timer_ms, session_on_timer);
}

static gboolean session_on_impatience(gpointer unused)
{
	session_drop();
	return G_SOURCE_REMOVE;
}

static gboolean session_on_listener(gint fd, GIOCondition condition, gpointer unused)
{
	GSocket *client = listener_accept(session.listener);

	if (client)
		session_begin(client);
	return G_SOURCE_CONTINUE;
}

static gboolean session_on_client(gint fd, GIOCondition condition, gpointer unused)
{
	if (condition & (G_IO_HUP | G_IO_ERR)) {
		session_drop();
		return G_SOURCE_CONTINUE;
	}
	if (condition & G_IO_OUT)
		session_write_client();
	if (session.client && condition & G_IO_IN)
		session_read_client();
	return G_SOURCE_CONTINUE;
}

static gboolean session_on_line_in(gint fd, GIOCondition condition, gpointer unused)
{
	(void)session_read_line();
	return G_SOURCE_CONTINUE;
}

static gboolean session_on_line_out(gint fd, GIOCondition condition, gpointer unused)
{
	session_write_line();
	return G_SOURCE_CONTINUE;
}

static gboolean session_on_bulk_out(gint fd, GIOCondition condition, gpointer unused)
{
	session_write_bulk();
	return G_SOURCE_CONTINUE;
}

static bool session_wants_input(void)
{
	switch (session.state) {
	case SESSION_HEADER:
	case SESSION_PAYLOAD:
	case SESSION_COLLECT:
	case SESSION_LINGER:
		return session.client_open && session.to_line->len < SESSION_LINE_FULL;
	default:
		return false;
	}
}

static void session_update_client(void)
{
	GIOCondition condition = G_IO_HUP;
	bool is_full = session.to_client->len >= SESSION_CLIENT_FULL;

	if (!session.client)
		is_full = false;
	if (is_full && !session.impatience)
		session_set_timer(&session.impatience, SESSION_PATIENCE_MS, session_on_impatience);
	else if (!is_full)
		session_clear_timer(&session.impatience);
	if (!session.client)
		return;
	if (session.to_client->len > 0)
		condition |= G_IO_OUT;
	if (session_wants_input())
		condition |= G_IO_IN;
	watch_set(&session.client_watch, NULL, g_socket_get_fd(session.client), condition,
		  session_on_client, NULL);
}

void session_update(void)
{
	bool reads = session.line >= 0 && session.to_client->len < SESSION_CLIENT_FULL;
	bool accepts = session.listener && session.state == SESSION_IDLE && session.line >= 0;

	session_update_client();
	watch_set(&session.line_in, NULL, session.line, reads ? G_IO_IN | G_IO_HUP : 0,
		  session_on_line_in, NULL);
	watch_set(&session.line_out, NULL, session.line, session.to_line->len > 0 ? G_IO_OUT : 0,
		  session_on_line_out, NULL);
	watch_set(&session.bulk_out, NULL, session.bulk, session.to_bulk->len > 0 ? G_IO_OUT : 0,
		  session_on_bulk_out, NULL);
	watch_set(&session.listener_watch, NULL,
		  session.listener ? g_socket_get_fd(session.listener) : -1, accepts ? G_IO_IN : 0,
		  session_on_listener, NULL);
}

/* ---- begin and end -------------------------------------------------------------- */

void session_init(GSocket *listener, int line, int bulk)
{
	session.listener = listener;
	session.line = line;
	session.bulk = bulk;
	session.to_line = g_byte_array_new();
	session.to_bulk = g_byte_array_new();
	session.to_client = g_byte_array_new();
	session.payload = g_byte_array_new();
}

void session_end(void)
{
	gint64 end_us = g_get_monotonic_time() + SESSION_END_US;

	while (session.line >= 0 && session_read_line())
		;
	if (!session.client)
		return;
	g_socket_set_blocking(session.client, TRUE);
	g_socket_set_timeout(session.client, 1);
	while (session.client && session.to_client->len > 0 && g_get_monotonic_time() < end_us)
		session_write_client();
	if (session.client)
		g_socket_close(session.client, NULL);
}
