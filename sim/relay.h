/* SPDX-License-Identifier: MIT */
/*
 * The lines between the host's standard streams and a guest: keys inwards,
 * the terminal's output and the log outwards.
 */
#ifndef SIM_RELAY_H
#define SIM_RELAY_H

#include <stdbool.h>

/*
 * terminal, log: the host's ends of the guest's lines, non-blocking; taken.
 * read_input: standard input goes to the terminal's line, and its end is a
 * Ctrl-D there.
 */
void relay_init(int terminal, int log, bool read_input);

/* Watches what can be taken and what can be given; before each turn of the default context. */
void relay_update(void);

/* One Ctrl-C on the guest's terminal; without read_input. */
void relay_interrupt(void);

/* The guest has closed its ends, and all it sent was written. */
bool relay_is_over(void);

/* Writes what has come, and gives up after a second. */
void relay_flush(void);

#endif
