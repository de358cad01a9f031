/* SPDX-License-Identifier: MIT */
/*
 * A line editor as a state machine over bytes: keys in, screen bytes out.
 *
 * It reads no device and writes none (console.c does), and knows no commands.
 * Keys are those of a VT100-like terminal (ECMA-48 control sequences), text
 * is UTF-8.  Freestanding, no allocation; a struct editor is plain bytes.
 */
#ifndef CONSOLE_EDITOR_H
#define CONSOLE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDITOR_LINE_MAX 512 /* bytes, with the terminating zero */
#define EDITOR_HISTORY_MAX 32
#define EDITOR_PROMPT_MAX 32
#define EDITOR_COLUMNS 80 /* longer lines scroll sideways */
#define EDITOR_OUTPUT_MAX 1024

enum editor_event {
	EDITOR_NONE,
	EDITOR_LINE,	  /* editor->line is complete */
	EDITOR_END,	  /* Ctrl-D on an empty line */
	EDITOR_INTERRUPT, /* Ctrl-C */
};

enum editor_escape {
	ESCAPE_NONE,
	ESCAPE_STARTED,
	ESCAPE_CSI,
	ESCAPE_SS3
};

/* Zero is an editor without history. */
struct editor {
	char prompt[EDITOR_PROMPT_MAX];
	char line[EDITOR_LINE_MAX]; /* zero terminated */
	uint32_t length, cursor;    /* bytes; cursor <= length, never inside a character */
	uint32_t escape;	    /* enum editor_escape */
	uint32_t parameter;	    /* of the control sequence being read */
	bool after_return;	    /* a line feed now belongs to the carriage return before */
	bool plain;		    /* no terminal: no echo, no keys, no prompt */

	/* history[i % EDITOR_HISTORY_MAX] for n_history - kept <= i < n_history */
	char history[EDITOR_HISTORY_MAX][EDITOR_LINE_MAX];
	uint32_t n_history; /* lines ever kept */
	uint32_t back;	    /* how many lines back the user is, 0: in `draft` */
	char draft[EDITOR_LINE_MAX];
};

struct editor_output {
	char text[EDITOR_OUTPUT_MAX];
	size_t length; /* what does not fit is dropped */
};

/* Begins an empty line; keeps the history. */
void editor_begin(struct editor *editor, const char *prompt, struct editor_output *output);

/* A line that was completed stays in editor->line until the next editor_begin(). */
enum editor_event editor_feed(struct editor *editor, uint8_t byte, struct editor_output *output);

/* Rubs the line being edited out of the screen, and draws it again. */
void editor_hide(const struct editor *editor, struct editor_output *output);
void editor_draw(const struct editor *editor, struct editor_output *output);

#endif
