/* SPDX-License-Identifier: MIT */
/*
 * Copies bytes, each line one way, in the thread of the default context.
 *
 * Keys that the guest does not take are not read, so their writer waits.  What
 * the guest sends is read however slow the reader is: its driver would wait
 * for a moment only, then drop.  When the reader at the end of a line is gone
 * its bytes are dropped and the guest goes on.
 */
#include "relay.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <unistd.h>

#include "machine/pc/layout.h"
#include "watch.h"

#define RELAY_KEYS_MAX 1u /* bytes in the queue from which a line is not read */
#define RELAY_OUTPUT_MAX (256u << 20)
#define RELAY_WRITTEN_MAX (1u << 20) /* bytes that are kept although they were written */
#define RELAY_END 0x04		     /* Ctrl-D: what the end of standard input becomes */
#define RELAY_INTERRUPT 0x03	     /* Ctrl-C */
#define RELAY_READY_MS 3000	     /* for a guest that does not say that it is */
#define RELAY_FLUSH_US G_USEC_PER_SEC

struct relay_line {
	int from, to; /* from -1: it has ended; to -1: nobody reads */
	guint limit;
	GByteArray *queue;
	guint at; /* where in the queue what was not written begins */
	struct watch in, out;
};

static struct relay_line relay_keys, relay_terminal, relay_log;

/*
 * A 16550 drops what it has received when its FIFOs are turned on, so keys
 * wait until the guest has done that: it says so as the first byte of its log
 * (PC_LOG_READY), or has printed something, or never will.
 */
static bool relay_is_ready;

static void relay_line_init(struct relay_line *line, int from, int to, guint limit)
{
	line->from = from;
	line->to = to;
	line->limit = limit;
	line->queue = g_byte_array_new();
}

static gboolean relay_on_ready(gpointer unused)
{
	relay_is_ready = true;
	return G_SOURCE_REMOVE;
}

void relay_init(int terminal, int log, bool read_input)
{
	relay_line_init(&relay_keys, read_input ? STDIN_FILENO : -1, terminal, RELAY_KEYS_MAX);
	relay_line_init(&relay_terminal, terminal, STDOUT_FILENO, RELAY_OUTPUT_MAX);
	relay_line_init(&relay_log, log, STDERR_FILENO, RELAY_OUTPUT_MAX);
	g_timeout_add(RELAY_READY_MS, relay_on_ready, NULL);
}

static void relay_append(struct relay_line *line, const void *bytes, size_t size)
{
	if (line->to >= 0)
		g_byte_array_append(line->queue, bytes, (guint)size);
}

static void relay_take(struct relay_line *line, const uint8_t *bytes, size_t size)
{
	if (line != &relay_keys && !relay_is_ready) {
		relay_is_ready = true;
		if (line == &relay_log && bytes[0] == PC_LOG_READY) {
			bytes++;
			size--;
		}
	}
	relay_append(line, bytes, size);
}

/* Whether there may be more. */
static bool relay_read(struct relay_line *line)
{
	static const uint8_t end = RELAY_END;
	uint8_t bytes[1024];
	ssize_t n = read(line->from, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n <= 0) {
		watch_drop(&line->in);
		line->from = -1;
		if (line == &relay_keys)
			relay_append(line, &end, 1);
		return false;
	}
	relay_take(line, bytes, (size_t)n);
	return true;
}

static guint relay_pending(const struct relay_line *line)
{
	return line->queue->len - line->at;
}

static void relay_drop(struct relay_line *line, guint n)
{
	line->at += n;
	if (line->at < line->queue->len && line->at < RELAY_WRITTEN_MAX)
		return;
	g_byte_array_remove_range(line->queue, 0, line->at);
	line->at = 0;
}

/* poll() promises a pipe room for PIPE_BUF bytes. */
static void relay_write(struct relay_line *line)
{
	ssize_t n =
		write(line->to, line->queue->data + line->at, MIN(relay_pending(line), PIPE_BUF));

	if (n > 0) {
		relay_drop(line, (guint)n);
	} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
		line->to = -1;
		relay_drop(line, relay_pending(line));
	}
}

static gboolean relay_on_in(gint fd, GIOCondition condition, gpointer data)
{
	/* What the guest printed before a line of its log is shown before it. */
	if (data == &relay_log && relay_terminal.from >= 0) {
		while (relay_pending(&relay_terminal) < RELAY_OUTPUT_MAX &&
		       relay_read(&relay_terminal))
			;
	}
	(void)relay_read(data);
	return G_SOURCE_CONTINUE;
}

static gboolean relay_on_out(gint fd, GIOCondition condition, gpointer data)
{
	relay_write(data);
	return G_SOURCE_CONTINUE;
}

static void relay_update_line(struct relay_line *line, bool may_write)
{
	bool reads = line->from >= 0 && relay_pending(line) < line->limit;
	bool writes = relay_pending(line) > 0 && may_write;

	watch_set(&line->in, NULL, line->from, reads ? G_IO_IN | G_IO_HUP : 0, relay_on_in, line);
	watch_set(&line->out, NULL, line->to, writes ? G_IO_OUT : 0, relay_on_out, line);
}

void relay_update(void)
{
	relay_update_line(&relay_keys, relay_is_ready);
	relay_update_line(&relay_terminal, true);
	relay_update_line(&relay_log, relay_pending(&relay_terminal) == 0);
}

void relay_interrupt(void)
{
	static const uint8_t key = RELAY_INTERRUPT;

	relay_append(&relay_keys, &key, 1);
}

bool relay_is_over(void)
{
	return relay_terminal.from < 0 && relay_pending(&relay_terminal) == 0 &&
	       relay_log.from < 0 && relay_pending(&relay_log) == 0;
}

static void relay_flush_line(struct relay_line *line, gint64 end_us)
{
	while (line->from >= 0 && relay_read(line))
		;
	while (relay_pending(line) > 0 && g_get_monotonic_time() < end_us) {
		GPollFD poll = { .fd = line->to, .events = G_IO_OUT };

		if (g_poll(&poll, 1, 100) > 0)
			relay_write(line);
	}
}

void relay_flush(void)
{
	gint64 end_us = g_get_monotonic_time() + RELAY_FLUSH_US;

	relay_flush_line(&relay_terminal, end_us);
	relay_flush_line(&relay_log, end_us);
}
