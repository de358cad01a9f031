/* SPDX-License-Identifier: MIT */
/*
 * The host's terminal in raw mode: every key is a byte to the system.
 */
#ifndef SIM_TERMINAL_H
#define SIM_TERMINAL_H

#include <stdbool.h>

/* Both standard input and output are a terminal. */
bool terminal_is_there(void);

/* -errno.  Keys that make signals (Ctrl-C, Ctrl-Z) are bytes from now on. */
int terminal_set_raw(void);

/* Puts back what there was; async-signal-safe, and without effect when it is not raw. */
void terminal_restore(void);

#endif
