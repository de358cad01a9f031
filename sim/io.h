/* SPDX-License-Identifier: MIT */
/*
 * The I/O thread: standard input and the control socket, as lines of the 16550s.
 */
#ifndef SIM_IO_H
#define SIM_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/* Binds the control socket; the error says what stands in the way. */
gboolean io_listen(const char *path, GError **error);

/* Starts the thread; read_input: standard input goes to the terminal's line. */
void io_start(bool read_input);

/* Delivers what was sent, ends the session, removes the socket. */
void io_stop(void);

/* Whether anything may still arrive from outside. */
bool io_has_input(void);

/* From the CPU's thread: to the client on the control line, if there is one. */
void io_send(const uint8_t *bytes, size_t size);

/* The client does not read fast enough: what is sent now may be lost. */
bool io_is_busy(void);

/* The thread looks again at what it may read and write; from any thread. */
void io_wake(void);

#endif
