/* SPDX-License-Identifier: MIT */
/*
 * Binds the control socket and lets in who may come.
 *
 * What a client says is read elsewhere (io.c, session.c).
 */
#include "listener.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clew/control.h>

#define LISTENER_PATH_MAX 108 /* sizeof sun_path */

static char listener_path[LISTENER_PATH_MAX];

static gboolean listener_path_is_free(const char *path, GSocketAddress *address, GError **error)
{
	g_autoptr(GSocket) probe = NULL;
	struct stat status;

	if (lstat(path, &status) < 0)
		return TRUE;
	if (!S_ISSOCK(status.st_mode)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
			    "%s: expected a socket or nothing, found another file", path);
		return FALSE;
	}
	probe = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
			     error);
	if (!probe)
		return FALSE;
	if (g_socket_connect(probe, address, NULL, NULL)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
			    "%s: expected no listener, found a running system", path);
		return FALSE;
	}
	unlink(path);
	return TRUE;
}

GSocket *listener_open(const char *path, GError **error)
{
	g_autoptr(GSocketAddress) address = NULL;
	g_autoptr(GSocket) listener = NULL;
	gboolean bound;
	mode_t mask;

	if (strlen(path) >= LISTENER_PATH_MAX) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
			    "%s: expected at most %d bytes of path, found %zu", path,
			    LISTENER_PATH_MAX - 1, strlen(path));
		return NULL;
	}
	address = g_unix_socket_address_new(path);
	if (!listener_path_is_free(path, address, error))
		return NULL;
	listener = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
				G_SOCKET_PROTOCOL_DEFAULT, error);
	if (!listener)
		return NULL;
	mask = umask(0177);
	bound = g_socket_bind(listener, address, FALSE, error) && g_socket_listen(listener, error);
	umask(mask);
	if (!bound) {
		g_prefix_error(error, "%s: ", path);
		return NULL;
	}
	g_socket_set_blocking(listener, FALSE);
	g_strlcpy(listener_path, path, sizeof(listener_path));
	return g_steal_pointer(&listener);
}

static void listener_refuse(GSocket *client, const char *why)
{
	g_autofree char *answer =
		g_strdup_printf(CONTROL_ERROR " %zu\n%s" CONTROL_DONE " 1\n", strlen(why), why);

	g_socket_send(client, answer, strlen(answer), NULL, NULL);
}

GSocket *listener_accept(GSocket *listener)
{
	g_autoptr(GSocket) client = g_socket_accept(listener, NULL, NULL);
	g_autoptr(GCredentials) peer = NULL;

	if (!client)
		return NULL;
	peer = g_socket_get_credentials(client, NULL);
	if (!peer || g_credentials_get_unix_user(peer, NULL) != geteuid()) {
		listener_refuse(client, "this system answers only the user who started it");
		return NULL;
	}
	g_socket_set_blocking(client, FALSE);
	return g_steal_pointer(&client);
}

void listener_remove(void)
{
	if (listener_path[0])
		unlink(listener_path);
	listener_path[0] = 0;
}
