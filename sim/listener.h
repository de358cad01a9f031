/* SPDX-License-Identifier: MIT */
/*
 * The control socket: one path in the file system that clients connect to.
 */
#ifndef SIM_LISTENER_H
#define SIM_LISTENER_H

#include <gio/gio.h>

/* Binds the path, non-blocking; the error says what stands in the way. */
GSocket *listener_open(const char *path, GError **error);

/* The next client, non-blocking; NULL: none came, or it was refused. */
GSocket *listener_accept(GSocket *listener);

/* Removes the path that was bound; async-signal-safe. */
void listener_remove(void);

#endif
