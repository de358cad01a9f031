/* SPDX-License-Identifier: MIT */
/*
 * Interface of the cell `console`: text in and out, by stream.
 *
 * A stream is one 16550 (driver cell `uart`): the terminal, or the control
 * line that clew-ctl speaks on; or, for output, a file (fs_writer_stream).  A
 * task writes to the stream it was spawned with, so that output goes to
 * whoever asked for it.
 */
#ifndef CLEW_CONSOLE_H
#define CLEW_CONSOLE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/errors.h>
#include <clew/wait.h>

enum console_stream {
	CONSOLE_TERMINAL = 1,
	CONSOLE_CONTROL = 2, /* output is framed, see control.h */
};

enum {
	CONSOLE_E_END = 3,	 /* end of input (Ctrl-D on an empty line, or the line is gone) */
	CONSOLE_E_INTERRUPT = 4, /* Ctrl-C */
	CONSOLE_E_BREAK = 5,	 /* a BREAK on the control line: another session, see control.h */
};

/* To a file with interrupts on only. */
void console_write(int stream, const char *text, size_t size);

/* To the caller's stream.  Conversions: base/format.h. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vprint(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/*
 * Reads a line with editing and history from the terminal into ret (at most
 * size - 1 bytes and a zero, without newline).
 */
MUST_USE int console_read_line_step(const char *prompt, char *ret, size_t size);
MUST_USE static inline int console_read_line(const char *prompt, char *ret, size_t size)
{
	return RESTARTABLE(console_read_line_step(prompt, ret, size));
}

/*
 * Raw bytes of a stream: at least one, at most size.  Interrupts and editing do not apply.
 * CONSOLE_E_END: who was at the line is gone; on the control line that is told once.
 * CONSOLE_E_BREAK: the same, of a line that has no other sign; what is read next may be older.
 */
MUST_USE int console_read_step(int stream, void *ret, size_t size, uint64_t deadline_ns,
			       size_t *ret_size);
MUST_USE static inline int console_read(int stream, void *ret, size_t size, uint64_t deadline_ns,
					size_t *ret_size)
{
	return RESTARTABLE(console_read_step(stream, ret, size, deadline_ns, ret_size));
}

/* Which task Ctrl-C kills; 0: none, then the line being read is given up. */
void console_set_foreground(uint64_t task_id);

/* Bytes to the control line as they are, for frames other than `out`; dropped like output. */
void console_send(const char *bytes, size_t size);

/* Which task is killed when the client of the control line goes; 0: none. */
void console_set_session(uint64_t task_id);

MUST_USE int console_init(void);

#endif
