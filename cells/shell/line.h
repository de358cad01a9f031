/* SPDX-License-Identifier: MIT */
/*
 * Splits a text into commands and a command into words.
 *
 * It does not know which commands there are.  Commands end at a newline, a
 * `;`, a `&` or a comment; words are separated by blanks.  The word after a `>`
 * or `>>` names the file for the output.  Between '..' every byte stands for itself; between ".."
 * and outside quotes a backslash makes the next byte do so.  Freestanding, no allocation.
 */
#ifndef SHELL_LINE_H
#define SHELL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_WORDS_MAX 32
#define LINE_TEXT_MAX 1024 /* bytes of all words, each with its zero */

enum {
	LINE_E_END = 1,	   /* no more commands */
	LINE_E_QUOTE = 2,  /* a quote that does not end; nothing follows it */
	LINE_E_LONG = 3,   /* more words or text than a line holds; the next command follows */
	LINE_E_EMPTY = 4,  /* a `&` with no command before it */
	LINE_E_OUTPUT = 5, /* not one word after a `>`, or more than one `>` */
};

/* Not to be copied: argv points into text. */
struct line {
	int argc; /* at least 1 */
	bool background;
	const char *output;		      /* file; NULL: where the caller's goes */
	bool append;			      /* >> */
	const char *argv[LINE_WORDS_MAX + 1]; /* argv[argc] is NULL */
	char text[LINE_TEXT_MAX];
	size_t used; /* bytes of text */
};

/* Takes the next command out of *at .. end. */
int line_next(const char **at, const char *end, struct line *ret);

const char *line_error(int error);

#endif
