/* SPDX-License-Identifier: MIT */
/*
 * The client of the protocol in clew/control.h, on a UNIX socket.
 *
 * Prints what the system answers and exits with the status it tells; an
 * answer that ends too soon or is no answer exits with MACHINE_DIED.
 */
#include "ctl.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <stdio.h>
#include <string.h>

#include <clew/control.h>
#include <clew/machine.h>

#include "base/crc32.h"
#include "run.h"

struct ctl_request {
	const char *verb;
	const char *name; /* NULL: the verb has none */
	char *payload;
	gsize size;
};

static gboolean ctl_set_usage(GError **error, const char *found)
{
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		    "expected --socket PATH 'COMMAND' or --socket PATH swap NAME FILE.o, found %s",
		    found);
	return FALSE;
}

/* argv after the options: one command, or: swap NAME FILE.o. */
static gboolean ctl_parse_request(int argc, char **argv, struct ctl_request *ret, GError **error)
{
	if (argc == 2) {
		ret->verb = CONTROL_EXEC;
		ret->payload = g_strdup(argv[1]);
		ret->size = strlen(argv[1]);
		return TRUE;
	}
	if (argc != 4 || strcmp(argv[1], CONTROL_SWAP) != 0)
		return ctl_set_usage(error, argc < 2 ? "no command" : argv[1]);
	if (argv[2][0] == 0 || strpbrk(argv[2], " \n"))
		return ctl_set_usage(error, "a NAME that is empty or has spaces");
	ret->verb = CONTROL_SWAP;
	ret->name = argv[2];
	return g_file_get_contents(argv[3], &ret->payload, &ret->size, error);
}

static gboolean ctl_send(GOutputStream *to, const struct ctl_request *request, GError **error)
{
	g_autofree char *header =
		g_strdup_printf(CONTROL_MAGIC " %s %zu %08x%s%s\n", request->verb, request->size,
				crc32_update(0, request->payload, request->size),
				request->name ? " " : "", request->name ? request->name : "");

	if (request->size > CONTROL_PAYLOAD_MAX || strlen(header) > CONTROL_HEADER_MAX) {
		g_set_error(
			error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			"the request: expected at most %u bytes and a short name, found %zu bytes",
			CONTROL_PAYLOAD_MAX, request->size);
		return FALSE;
	}
	return g_output_stream_write_all(to, header, strlen(header), NULL, NULL, error) &&
	       g_output_stream_write_all(to, request->payload, request->size, NULL, NULL, error);
}

static gboolean ctl_copy(GInputStream *from, guint64 size, FILE *to, GError **error)
{
	g_autofree char *bytes = g_malloc(CONTROL_FRAME_MAX);
	gsize n;

	if (size > CONTROL_FRAME_MAX) {
		g_set_error(
			error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			"an answer's frame: expected at most %u bytes, found %" G_GUINT64_FORMAT,
			CONTROL_FRAME_MAX, size);
		return FALSE;
	}
	if (!g_input_stream_read_all(from, bytes, size, &n, NULL, error))
		return FALSE;
	fwrite(bytes, 1, n, to);
	fflush(to);
	if (n < size)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
			    "an answer's frame: expected %" G_GUINT64_FORMAT " bytes, found %zu",
			    size, n);
	return n == size;
}

/* "word number": the number, which must be at most max. */
static gboolean ctl_parse_line(const char *line, const char *word, guint64 max, guint64 *ret)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 && line[n] == ' ' &&
	       g_ascii_string_to_unsigned(line + n + 1, 10, 0, max, ret, NULL);
}

/* One frame; *ret_done when it was the last. */
static gboolean ctl_receive_frame(GDataInputStream *from, gboolean *ret_done, int *ret_status,
				  GError **error)
{
	g_autofree char *line = g_data_input_stream_read_line(from, NULL, NULL, error);
	guint64 number;

	if (!line) {
		if (error && !*error)
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
				    "the answer: expected `done`, found the end of the connection");
		return FALSE;
	}
	if (ctl_parse_line(line, CONTROL_OUT, CONTROL_FRAME_MAX, &number))
		return ctl_copy(G_INPUT_STREAM(from), number, stdout, error);
	if (ctl_parse_line(line, CONTROL_ERROR, CONTROL_FRAME_MAX, &number)) {
		fputs("clew ctl: ", stderr);
		if (!ctl_copy(G_INPUT_STREAM(from), number, stderr, error))
			return FALSE;
		fputc('\n', stderr);
		return TRUE;
	}
	if (ctl_parse_line(line, CONTROL_DONE, 255, &number)) {
		*ret_done = TRUE;
		*ret_status = (int)number;
		return TRUE;
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		    "the answer: expected out, error or done, found `%.40s`", line);
	return FALSE;
}

static gboolean ctl_exchange(const char *path, const struct ctl_request *request, int *ret_status,
			     GError **error)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
	g_autoptr(GSocketConnection) connection =
		g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, error);
	g_autoptr(GDataInputStream) from = NULL;
	gboolean done = FALSE;

	if (!connection) {
		g_prefix_error(error, "%s: ", path);
		return FALSE;
	}
	from = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
	g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(from), FALSE);
	if (!ctl_send(g_io_stream_get_output_stream(G_IO_STREAM(connection)), request, error))
		return FALSE;
	while (!done) {
		if (!ctl_receive_frame(from, &done, ret_status, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean ctl_parse(int *argc, char ***argv, char **ret_path, struct ctl_request *ret,
			  GError **error)
{
	const GOptionEntry entries[] = {
		{ "socket", 0, 0, G_OPTION_ARG_FILENAME, ret_path,
		  "Where the system listens (clew run --socket)", "PATH" },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GOptionContext) context = g_option_context_new("'COMMAND' | swap NAME FILE.o");

	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_summary(context, "Has a running system do something.");
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (!*ret_path)
		return ctl_set_usage(error, "no --socket");
	return ctl_parse_request(*argc, *argv, ret, error);
}

int ctl_command(int argc, char **argv)
{
	struct ctl_request request = { 0 };
	g_autofree char *path = NULL;
	g_autoptr(GError) error = NULL;
	int status = MACHINE_DIED;

	if (!ctl_parse(&argc, &argv, &path, &request, &error)) {
		g_printerr("clew ctl: %s\nTry `clew ctl --help`.\n", error->message);
		g_free(request.payload);
		return RUN_USAGE;
	}
	if (!ctl_exchange(path, &request, &status, &error)) {
		g_printerr("clew ctl: %s\n", error->message);
		status = MACHINE_DIED;
	}
	g_free(request.payload);
	return status;
}
