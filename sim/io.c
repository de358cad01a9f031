/* SPDX-License-Identifier: MIT */
/*
 * One thread that reads what the CPU's thread must not wait for.
 *
 * It turns around: bring the watches in line with what can be taken
 * (io_update), then wait for one of them.  A line that is full is not read, so
 * the writer at the other end waits.  One client at a time has the control
 * line; the next one is accepted when the system has noticed that the last one
 * is gone.  All signals are blocked here except those of its own faults.
 */
#include "io.h"

#include <errno.h>
#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "listener.h"
#include "uart.h"
#include "watch.h"

#define IO_QUEUE_FULL (1u << 20) /* bytes for the client: the line is busy from here on, */
#define IO_QUEUE_MAX (2u << 20)	 /* and what exceeds this is lost */
#define IO_PATIENCE_MS 5000	 /* with a client that does not read */
#define IO_LINGER_US (2 * G_USEC_PER_SEC)
#define IO_END 0x04 /* Ctrl-D: what the end of standard input becomes */

/* Bytes that were read and wait for room on their line. */
struct io_input {
	enum uart_line line;
	size_t at, n;
	uint8_t bytes[1024];
};

static struct {
	GThread *thread; /* NULL: not started */
	GMainContext *context;
	GMutex lock; /* queue, has_client, stopping */
	GByteArray *queue;
	bool has_client;
	bool stopping;
	bool has_input; /* atomic */
	bool is_busy;	/* atomic: the queue is full */

	/* The thread's own. */
	bool stdin_open;
	GSocket *listener, *client;
	bool client_reads;   /* the client may still send */
	GSource *impatience; /* runs while the queue is full */
	struct io_input terminal, control;
	struct watch stdin_watch, listener_watch, client_watch;
} io;

/* ---- client ----------------------------------------------------------------- */

gboolean io_listen(const char *path, GError **error)
{
	io.listener = listener_open(path, error);
	return io.listener != NULL;
}

/* With the lock. */
static void io_set_busy(void)
{
	__atomic_store_n(&io.is_busy, io.queue->len >= IO_QUEUE_FULL, __ATOMIC_RELAXED);
}

static void io_set_client(GSocket *client)
{
	g_mutex_lock(&io.lock);
	g_clear_object(&io.client);
	io.client = client;
	io.client_reads = client != NULL;
	io.has_client = client != NULL;
	g_byte_array_set_size(io.queue, 0);
	io_set_busy();
	g_mutex_unlock(&io.lock);
	io.control.n = 0;
	uart_set_carrier(UART_CONTROL, client != NULL);
}

static void io_accept(void)
{
	GSocket *client = listener_accept(io.listener);

	if (client)
		io_set_client(client);
}

static void io_read_client(void)
{
	g_autoptr(GError) error = NULL;
	gssize n = g_socket_receive(io.client, (char *)io.control.bytes, sizeof(io.control.bytes),
				    NULL, &error);

	if (n > 0) {
		io.control.at = 0;
		io.control.n = (size_t)n;
	} else if (n == 0) {
		io.client_reads = false;
	} else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
		io_set_client(NULL);
	}
}

static void io_write_client(void)
{
	g_autoptr(GError) error = NULL;
	gssize n;

	g_mutex_lock(&io.lock);
	n = io.queue->len == 0 ? 0
			       : g_socket_send(io.client, (const char *)io.queue->data,
					       io.queue->len, NULL, &error);
	if (n > 0)
		g_byte_array_remove_range(io.queue, 0, (guint)n);
	io_set_busy();
	g_mutex_unlock(&io.lock);
	if (n < 0 && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
		io_set_client(NULL);
}

void io_send(const uint8_t *bytes, size_t size)
{
	if (!io.thread)
		return;
	g_mutex_lock(&io.lock);
	if (io.has_client && io.queue->len + size <= IO_QUEUE_MAX)
		g_byte_array_append(io.queue, bytes, (guint)size);
	io_set_busy();
	g_mutex_unlock(&io.lock);
	io_wake();
}

bool io_is_busy(void)
{
	return __atomic_load_n(&io.is_busy, __ATOMIC_RELAXED);
}

/* ---- watches ---------------------------------------------------------------- */

static gboolean io_on_stdin(gint fd, GIOCondition condition, gpointer unused)
{
	ssize_t n = read(fd, io.terminal.bytes, sizeof(io.terminal.bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return G_SOURCE_CONTINUE;
	if (n <= 0) {
		io.stdin_open = false;
		io.terminal.bytes[0] = IO_END;
		n = 1;
	}
	io.terminal.at = 0;
	io.terminal.n = (size_t)n;
	return G_SOURCE_CONTINUE;
}

static gboolean io_on_listener(gint fd, GIOCondition condition, gpointer unused)
{
	io_accept();
	return G_SOURCE_CONTINUE;
}

static gboolean io_on_client(gint fd, GIOCondition condition, gpointer unused)
{
	if (condition & G_IO_OUT)
		io_write_client();
	if (io.client && io.client_reads && io.control.n == 0 && condition & (G_IO_IN | G_IO_HUP))
		io_read_client();
	else if (io.client && !io.client_reads && condition & (G_IO_HUP | G_IO_ERR))
		io_set_client(NULL);
	return G_SOURCE_CONTINUE;
}

static void io_push(struct io_input *input)
{
	while (input->n > 0 && uart_has_room(input->line)) {
		size_t n = uart_receive(input->line, input->bytes + input->at, input->n);

		input->at += n;
		input->n -= n;
	}
}

/* The session of the last client is over for the system too. */
static bool io_may_accept(void)
{
	return io.listener && !io.client && uart_carrier_is_seen(UART_CONTROL);
}

static void io_update_client(void)
{
	GIOCondition condition = 0;
	bool pending;

	g_mutex_lock(&io.lock);
	pending = io.queue->len > 0;
	g_mutex_unlock(&io.lock);
	if (pending)
		condition |= G_IO_OUT;
	if (io.client_reads && io.control.n == 0)
		condition |= G_IO_IN;
	if (!io.client_reads)
		condition |= G_IO_HUP;
	/* poll() reports HUP unasked, so a client that is not to be looked at is not watched. */
	if (condition)
		watch_set(&io.client_watch, io.context, g_socket_get_fd(io.client), condition,
			  io_on_client, NULL);
	else
		watch_drop(&io.client_watch);
}

static gboolean io_on_impatience(gpointer unused)
{
	if (io.client && io_is_busy())
		io_set_client(NULL);
	return G_SOURCE_CONTINUE;
}

/* A client that does not read holds up the whole system: it is given some time. */
static void io_update_patience(void)
{
	bool busy = io.client && io_is_busy();

	if (busy && !io.impatience) {
		io.impatience = g_timeout_source_new(IO_PATIENCE_MS);
		g_source_set_callback(io.impatience, io_on_impatience, NULL, NULL);
		g_source_attach(io.impatience, io.context);
	} else if (!busy && io.impatience) {
		g_source_destroy(io.impatience);
		g_clear_pointer(&io.impatience, g_source_unref);
	}
}

static void io_update(void)
{
	io_update_patience();
	io_push(&io.terminal);
	/* The first byte of a session comes after the news of it. */
	if (uart_carrier_is_seen(UART_CONTROL))
		io_push(&io.control);
	if (io.stdin_open && io.terminal.n == 0)
		watch_set(&io.stdin_watch, io.context, STDIN_FILENO, G_IO_IN | G_IO_HUP,
			  io_on_stdin, NULL);
	else
		watch_drop(&io.stdin_watch);
	if (io_may_accept())
		watch_set(&io.listener_watch, io.context, g_socket_get_fd(io.listener), G_IO_IN,
			  io_on_listener, NULL);
	else
		watch_drop(&io.listener_watch);
	if (io.client)
		io_update_client();
	else
		watch_drop(&io.client_watch);
	__atomic_store_n(&io.has_input, io.listener || io.stdin_open || io.terminal.n > 0,
			 __ATOMIC_SEQ_CST);
}

/* ---- thread ----------------------------------------------------------------- */

static bool io_is_stopping(void)
{
	bool stopping;

	g_mutex_lock(&io.lock);
	stopping = io.stopping;
	g_mutex_unlock(&io.lock);
	return stopping;
}

static void io_drain(void)
{
	gint64 end_us = g_get_monotonic_time() + IO_LINGER_US;

	if (!io.client)
		return;
	g_socket_set_blocking(io.client, TRUE);
	g_socket_set_timeout(io.client, 1);
	while (io.client && io.queue->len > 0 && g_get_monotonic_time() < end_us)
		io_write_client();
}

static gpointer io_run(gpointer unused)
{
	g_main_context_push_thread_default(io.context);
	while (!io_is_stopping()) {
		io_update();
		g_main_context_iteration(io.context, TRUE);
	}
	io_drain();
	if (io.client)
		g_socket_close(io.client, NULL);
	g_main_context_pop_thread_default(io.context);
	return NULL;
}

void io_start(bool read_input)
{
	sigset_t all, before;

	io.context = g_main_context_new();
	io.queue = g_byte_array_new();
	io.stdin_open = read_input;
	io.has_input = read_input || io.listener;
	io.terminal.line = UART_TERMINAL;
	io.control.line = UART_CONTROL;
	if (!io.has_input)
		return;
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	io.thread = g_thread_new("clew-io", io_run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void io_stop(void)
{
	if (!io.thread)
		return;
	g_mutex_lock(&io.lock);
	io.stopping = true;
	g_mutex_unlock(&io.lock);
	io_wake();
	g_thread_join(io.thread);
	io.thread = NULL;
	listener_remove();
}

bool io_has_input(void)
{
	return __atomic_load_n(&io.has_input, __ATOMIC_SEQ_CST);
}

void io_wake(void)
{
	if (io.thread)
		g_main_context_wakeup(io.context);
}
