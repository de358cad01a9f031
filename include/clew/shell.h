/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `shell`: commands for people and scripts.
 *
 * Every command runs in a task of its own whose output goes to the given
 * stream (console.h); the caller waits for it, and when the caller is killed
 * so is the command.
 */
#ifndef CLEW_SHELL_H
#define CLEW_SHELL_H

#include <stddef.h>
#include <stdint.h>

#include <clew/diag.h>
#include <clew/errors.h>

/*
 * Starts the shell's task, called once by captain: it runs the machine's
 * module "script" and shuts down, or else reads lines from the terminal.
 */
MUST_USE int shell_start(void);

/* Runs a text of commands, separated by `;` or newlines: 0, or 1 when one of them failed. */
MUST_USE int shell_execute(const char *text, int stream);

/* Replaces cell `name` by the object and prints what was done to the caller's stream. */
MUST_USE int shell_swap(const char *name, const char *file, const void *bytes, size_t size,
			struct diag *reterr);

/* One line, without newline: "COMMAND: cell C: section S: ...: expected E, found F". */
void shell_describe(char *to, size_t size, const char *command, int error, const struct diag *diag);

#endif
