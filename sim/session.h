/* SPDX-License-Identifier: MIT */
/*
 * Clients of the control socket, one after the other, on a guest's line that
 * does not know when they come and go (clew/control.h).
 */
#ifndef SIM_SESSION_H
#define SIM_SESSION_H

#include <stdbool.h>

#include <gio/gio.h>

/*
 * line: to the guest's control line, non-blocking, the host's end of a telnet
 * connection whose BREAK is a break on the line; bulk: to its bulk line, -1:
 * there is none.  All are taken.
 */
void session_init(GSocket *listener, int line, int bulk);

/* Watches what can be taken and what can be given; before each turn of the default context. */
void session_update(void);

/* The guest is gone: delivers what it has answered and ends the session, for two seconds at most.
 */
void session_end(void);

#endif
