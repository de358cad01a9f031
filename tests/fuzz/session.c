/* SPDX-License-Identifier: MIT */
/*
 * The relay between clients of the control socket and a guest's line: what
 * the guest hears is a BREAK, `sync`, and what the client said, no more; what
 * the client hears is what the guest answered after that.
 *
 * The clock and the timers are this file's (meson.build renames them); the
 * sockets are the host's.  Input: events, see enum event.
 */
#include "../../sim/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <clew/bulk.h>
#include <clew/control.h>

#include "../../sim/listener.h"
#include "fuzz.h"

enum event {
	EVENT_CONNECT,
	EVENT_SEND,	/* the client: a length, bytes */
	EVENT_REQUEST,	/* the client: a verb, a length in units of 64 bytes, bytes are 'x' */
	EVENT_SHUTDOWN, /* the client has said all it will */
	EVENT_GO,	/* the client is gone */
	EVENT_ANSWER,	/* the guest: a length, bytes */
	EVENT_SYNC,	/* the guest answers the last sync that it heard */
	EVENT_TIME,	/* the next timer is due */
	EVENTS
};

#define IAC 0xff   /* RFC 854 */
#define BREAK 0xf3 /* RFC 854 */
#define BYTES_MAX (1u << 17)

struct heard {
	uint8_t bytes[BYTES_MAX];
	size_t size;
};

static struct {
	int listener, client, guest, bulk; /* this file's ends */
	int next_client;		   /* for listener_accept() */
	struct heard line;		   /* by the guest, since the last BREAK */
	struct heard blocks;		   /* on the bulk line, what was not checked yet */
	struct heard answers;		   /* by the client */
	struct heard said, answered; /* by the client; by the guest since it was synchronised */
	bool after_iac, synchronised;
	uint32_t block;
} world;

/* ---- clock and timers ---------------------------------------------------------------- */

struct timer {
	GSource source;
	gint64 due_us;
	bool is_due;
};

static gint64 now_us;
static GList *timers;

gint64 fuzz_monotonic_time(void);
GSource *fuzz_timeout_source_new(guint ms);
guint32 fuzz_random_int(void);

gint64 fuzz_monotonic_time(void)
{
	return now_us;
}

guint32 fuzz_random_int(void)
{
	static guint32 value;

	return value += 0x9e3779b9;
}

static gboolean timer_prepare(GSource *source, gint *timeout)
{
	*timeout = -1;
	return ((struct timer *)source)->is_due;
}

static gboolean timer_check(GSource *source)
{
	return ((struct timer *)source)->is_due;
}

static gboolean timer_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
	return callback(data);
}

static void timer_finalize(GSource *source)
{
	timers = g_list_remove(timers, source);
}

GSource *fuzz_timeout_source_new(guint ms)
{
	static GSourceFuncs functions = { timer_prepare,  timer_check, timer_dispatch,
					  timer_finalize, NULL,	       NULL };
	GSource *source = g_source_new(&functions, sizeof(struct timer));

	((struct timer *)source)->due_us = now_us + ms * 1000;
	timers = g_list_append(timers, source);
	return source;
}

static void let_time_pass(void)
{
	struct timer *next = NULL;

	for (GList *at = timers; at; at = at->next) {
		struct timer *timer = at->data;

		if (!g_source_is_destroyed(at->data) && (!next || timer->due_us < next->due_us))
			next = timer;
	}
	if (!next)
		return;
	now_us = next->due_us > now_us ? next->due_us : now_us;
	next->is_due = true;
}

/* ---- sockets --------------------------------------------------------------------------- */

static int make_pair(int *ret_mine)
{
	int ends[2];

	FUZZ_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	*ret_mine = ends[0];
	return ends[1];
}

GSocket *listener_accept(GSocket *listener)
{
	GSocket *client;
	char byte;

	FUZZ_REQUIRE(recv(g_socket_get_fd(listener), &byte, 1, 0) == 1);
	client = g_socket_new_from_fd(world.next_client, NULL);
	FUZZ_REQUIRE(client != NULL);
	g_socket_set_blocking(client, FALSE);
	return client;
}

static void append(struct heard *heard, const void *bytes, size_t size)
{
	FUZZ_REQUIRE(size <= sizeof(heard->bytes) - heard->size);
	memcpy(heard->bytes + heard->size, bytes, size);
	heard->size += size;
}

/* What is sent to an end that is gone is lost; a full socket takes the rest never. */
static void say(int fd, struct heard *said, const void *bytes, size_t size)
{
	ssize_t n = fd < 0 || size > sizeof(said->bytes) - said->size
			    ? 0
			    : send(fd, bytes, size, MSG_NOSIGNAL);

	if (n > 0)
		append(said, bytes, (size_t)n);
}

/* ---- what is heard ----------------------------------------------------------------------- */

static bool is_prefix(const uint8_t *bytes, size_t size, const struct heard *of)
{
	return size <= of->size && memcmp(bytes, of->bytes, size) == 0;
}

/* What follows `sync`: the request as it was said, or its header with the name of a block. */
static void check_request(const uint8_t *bytes, size_t size)
{
	char bulk[32];
	size_t header, extra;

	if (is_prefix(bytes, size, &world.said))
		return;
	extra = (size_t)g_snprintf(bulk, sizeof(bulk), " " CONTROL_BULK "%u\n", world.block);
	FUZZ_REQUIRE(size > extra);
	header = size - extra;
	FUZZ_REQUIRE(memcmp(bytes + header, bulk, extra) == 0);
	FUZZ_REQUIRE(is_prefix(bytes, header, &world.said) && world.said.bytes[header] == '\n');
}

/* Since the BREAK: a line feed, `sync` once, and the request. */
static void check_line(void)
{
	static const char sync[] = "\nclew1 sync 0 00000000 ";
	size_t line = sizeof(sync) - 1 + 17, size = world.line.size;

	if (size == 0)
		return;
	FUZZ_REQUIRE(memcmp(world.line.bytes, sync, MIN(size, sizeof(sync) - 1)) == 0);
	FUZZ_REQUIRE(size < line || world.line.bytes[line - 1] == '\n');
	if (size > line && world.synchronised)
		check_request(world.line.bytes + line, size - line);
	FUZZ_REQUIRE(size <= line || world.synchronised);
}

static void hear_line(uint8_t byte)
{
	if (world.after_iac) {
		world.after_iac = false;
		FUZZ_REQUIRE(byte == IAC || byte == BREAK);
		if (byte == BREAK) {
			world.line.size = 0;
			return;
		}
	} else if (byte == IAC) {
		world.after_iac = true;
		return;
	}
	append(&world.line, &byte, 1);
}

/* Whole blocks, numbered as they come. */
static void check_blocks(void)
{
	struct heard *blocks = &world.blocks;
	struct bulk_header header;

	while (blocks->size >= sizeof(header)) {
		memcpy(&header, blocks->bytes, sizeof(header));
		FUZZ_REQUIRE(header.magic == BULK_MAGIC &&
			     header.id > world.block - (world.block > 0));
		FUZZ_REQUIRE(header.length <= CONTROL_PAYLOAD_MAX && header.reserved == 0);
		if (blocks->size - sizeof(header) < header.length)
			return;
		world.block = header.id;
		blocks->size -= sizeof(header) + header.length;
		memmove(blocks->bytes, blocks->bytes + sizeof(header) + header.length,
			blocks->size);
	}
}

static void check_answers(void)
{
	static const char given_up[] = "error 46\nthe system does not answer";
	size_t size = MIN(world.answers.size, sizeof(given_up) - 1);

	if (world.answers.size > 0 && !world.synchronised)
		FUZZ_REQUIRE(memcmp(world.answers.bytes, given_up, size) == 0);
	else
		FUZZ_REQUIRE(is_prefix(world.answers.bytes, world.answers.size, &world.answered));
}

static ssize_t hear(int fd, struct heard *heard)
{
	uint8_t bytes[4096];
	ssize_t n = fd < 0 ? -1 : recv(fd, bytes, sizeof(bytes), 0);

	if (n > 0 && heard)
		append(heard, bytes, (size_t)n);
	for (ssize_t i = 0; i < n && !heard; i++)
		hear_line(bytes[i]);
	return n;
}

/* Until nothing moves any more. */
static void pump(void)
{
	bool moved;

	do {
		session_update();
		moved = g_main_context_iteration(NULL, FALSE);
		/* Blocks first: a request names the one before. */
		while (hear(world.bulk, &world.blocks) > 0)
			moved = true;
		check_blocks();
		while (hear(world.guest, NULL) > 0)
			moved = true;
		while (hear(world.client, &world.answers) > 0)
			moved = true;
	} while (moved);
	check_line();
	check_answers();
}

/* ---- events -------------------------------------------------------------------------------- */

static void client_connect(void)
{
	if (world.client >= 0)
		return;
	world.next_client = make_pair(&world.client);
	world.said.size = world.answered.size = world.answers.size = 0;
	world.synchronised = false;
	FUZZ_REQUIRE(send(world.listener, "", 1, 0) == 1);
	pump();
	FUZZ_REQUIRE(world.line.size > 0); /* the guest was asked */
}

static void client_go(void)
{
	if (world.client < 0)
		return;
	close(world.client);
	world.client = -1;
	pump();
	/* What the guest was asked for and has not done ends by a BREAK. */
	FUZZ_REQUIRE(world.line.size <= 1 ||
		     memmem(world.answered.bytes, world.answered.size, "done ", 5) != NULL);
}

static void client_request(struct fuzz_input *input)
{
	static const char *const verbs[] = { "exec", "swap", "sync", "swap" };
	uint8_t verb = fuzz_byte(input) & 3;
	size_t size = fuzz_byte(input) * 64ul;
	g_autofree char *header = g_strdup_printf("clew1 %s %zu 00000000%s\n", verbs[verb], size,
						  verb & 1 ? " greeter" : "");
	g_autofree char *payload = g_malloc(size + 1);

	memset(payload, verb == 3 ? IAC : 'x', size);
	say(world.client, &world.said, header, strlen(header));
	say(world.client, &world.said, payload, size);
}

static void guest_sync(void)
{
	static struct heard dropped;
	const uint8_t *nonce = world.line.bytes + 23;

	if (world.line.size < 40)
		return;
	dropped.size = 0;
	say(world.guest, world.synchronised ? &world.answered : &dropped, "sync ", 5);
	say(world.guest, world.synchronised ? &world.answered : &dropped, nonce, 17);
	world.synchronised |= world.client >= 0;
}

static void happen(enum event event, struct fuzz_input *input)
{
	static struct heard dropped;
	size_t size;
	const uint8_t *bytes;

	dropped.size = 0;
	switch (event) {
	case EVENT_SEND:
		bytes = fuzz_bytes(input, fuzz_byte(input), &size);
		say(world.client, &world.said, bytes, size);
		break;
	case EVENT_REQUEST:
		client_request(input);
		break;
	case EVENT_SHUTDOWN:
		if (world.client >= 0)
			shutdown(world.client, SHUT_WR);
		break;
	case EVENT_ANSWER:
		bytes = fuzz_bytes(input, fuzz_byte(input), &size);
		say(world.guest, world.synchronised ? &world.answered : &dropped, bytes, size);
		break;
	case EVENT_SYNC:
		guest_sync();
		break;
	case EVENT_TIME:
		let_time_pass();
		break;
	default:
		break;
	}
}

static void begin(void)
{
	int listener = make_pair(&world.listener), line = make_pair(&world.guest);
	int bulk = make_pair(&world.bulk);

	world.client = -1;
	session_init(g_socket_new_from_fd(listener, NULL), line, bulk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	static bool has_begun;

	if (!has_begun)
		begin();
	has_begun = true;
	client_connect();
	while (input.left > 0) {
		enum event event = fuzz_byte(&input) % EVENTS;

		if (event == EVENT_CONNECT)
			client_connect();
		else if (event == EVENT_GO)
			client_go();
		else
			happen(event, &input);
		pump();
	}
	fuzz_accepted += world.synchronised && world.answers.size > 0;
	client_go();
	return 0;
}
