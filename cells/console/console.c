/* SPDX-License-Identifier: MIT */
/*
 * Text in and out by stream; the line editor on the terminal (editor.c).
 *
 * It knows no commands (the cell shell does) and no requests (the cell
 * control does).  Output is written with interrupts off, one call after the
 * other, and allocates only for texts over PRINT_MAX bytes.
 */
#include <clew/console.h>

#include <stdbool.h>

#include <clew/cell.h>
#include <clew/control.h>
#include <clew/fs.h>
#include <clew/heap.h>
#include <clew/irq.h>
#include <clew/machine.h>
#include <clew/task.h>
#include <clew/uart.h>

#include "base/format.h"
#include "base/string.h"

#include "editor.h"

#define RING_BYTES 4096u
#define PRINT_MAX 512
#define INTERRUPT_KEY 0x03
#define END_KEY 0x04 /* also what a machine sends when there is no more input */

/* Bytes received and not yet read.  Changed with interrupts off. */
struct ring {
	uint8_t bytes[RING_BYTES];
	uint32_t first, count;
	uint16_t port;
	bool paused; /* the 16550 keeps what comes until there is room */
	bool up;     /* somebody is at the line */
	int ended;   /* what the reader is to be told: CONSOLE_E_END, CONSOLE_E_BREAK; or 0 */
	struct wait_queue readers;
};

struct console_state {
	struct ring terminal, control;
	struct editor editor;
	uint64_t reader;     /* task whose line is being edited, 0: nobody's */
	uint64_t foreground; /* task that Ctrl-C kills */
	uint64_t session;    /* task that the end of a control session kills */
	bool ready;
};

CELL_STATE(console, "typed bytes that nobody has read yet, and the history of lines") = {
	.terminal.port = MACHINE_COM1,
	.control.port = MACHINE_COM2,
};

static bool interactive(void)
{
	return machine_info()->flags & MACHINE_INTERACTIVE;
}

/* ---- output ---------------------------------------------------------------- */

/* Interrupts off.  What is for a client that is gone is not for the next one. */
static void write_framed(const char *text, size_t size)
{
	char header[32];

	while (size > 0 && !console_state.control.ended) {
		size_t part = size < CONTROL_FRAME_MAX ? size : CONTROL_FRAME_MAX;
		size_t length = format_text(header, sizeof(header), CONTROL_OUT " %zu\n", part);

		uart_write(MACHINE_COM2, header, length);
		uart_write(MACHINE_COM2, text, part);
		text += part;
		size -= part;
	}
}

CELL_EXPORT void console_send(const char *bytes, size_t size)
{
	OWN(irq_guard, guard) = irq_off();

	if (!console_state.control.ended)
		uart_write(MACHINE_COM2, bytes, size);
}

/* A raw terminal does not return the carriage by itself. */
static void write_cooked(const char *text, size_t size)
{
	size_t done = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\n')
			continue;
		uart_write(MACHINE_COM1, text + done, i - done);
		uart_write(MACHINE_COM1, "\r\n", 2);
		done = i + 1;
	}
	uart_write(MACHINE_COM1, text + done, size - done);
}

static void send(const struct editor_output *output)
{
	if (output->length > 0)
		uart_write(MACHINE_COM1, output->text, output->length);
}

/* Output of others while a line is being edited goes above that line. */
static void write_above(const char *text, size_t size)
{
	struct editor_output hide = { .length = 0 }, draw = { .length = 0 };

	editor_hide(&console_state.editor, &hide);
	send(&hide);
	write_cooked(text, size);
	if (size > 0 && text[size - 1] != '\n')
		write_cooked("\n", 1);
	editor_draw(&console_state.editor, &draw);
	send(&draw);
}

static void write_line(int stream, const char *text, size_t size)
{
	OWN(irq_guard, guard) = irq_off();

	if (!console_state.ready)
		machine_log(text, size);
	else if (stream == CONSOLE_CONTROL)
		write_framed(text, size);
	else if (!interactive())
		uart_write(MACHINE_COM1, text, size);
	else if (console_state.reader != 0 && console_state.reader != task_id())
		write_above(text, size);
	else
		write_cooked(text, size);
}

CELL_EXPORT void console_write(int stream, const char *text, size_t size)
{
	if (size == 0)
		return;
	if (stream >= FS_FILE_FIRST)
		fs_stream_write(stream, text, size);
	else
		write_line(stream, text, size);
}

static void print_long(size_t length, const char *format, va_list arguments)
{
	OWN(heap_block, block) = OWNER_EMPTY;
	static const char note[] = "(text dropped: out of memory)\n";

	if (heap_block_new(length + 1, &block) < 0) {
		console_write(task_output(), note, sizeof(note) - 1);
		return;
	}
	format_list(heap_block_at(&block), length + 1, format, arguments);
	console_write(task_output(), heap_block_at(&block), length);
}

CELL_EXPORT void vprint(const char *format, va_list arguments)
{
	char text[PRINT_MAX];
	va_list again;
	size_t length;

	va_copy(again, arguments);
	length = format_list(text, sizeof(text), format, arguments);
	if (length < sizeof(text))
		console_write(task_output(), text, length);
	else
		print_long(length, format, again);
	va_end(again);
}

CELL_EXPORT void print(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprint(format, arguments);
	va_end(arguments);
}

/* ---- input ----------------------------------------------------------------- */

/* Interrupts off. */
static void keep(struct ring *ring, uint8_t byte)
{
	ring->bytes[(ring->first + ring->count++) % RING_BYTES] = byte;
	if (ring->count == RING_BYTES) {
		ring->paused = true;
		uart_pause(ring->port, true);
	}
	wait_wake_one(&ring->readers);
}

/* Interrupts off.  Returns how many bytes were taken. */
static size_t take(struct ring *ring, uint8_t *to, size_t size)
{
	size_t n = 0;

	for (; n < size && ring->count > 0; n++) {
		to[n] = ring->bytes[ring->first];
		ring->first = (ring->first + 1) % RING_BYTES;
		ring->count--;
	}
	if (ring->paused && ring->count <= RING_BYTES / 2) {
		ring->paused = false;
		uart_pause(ring->port, false);
	}
	return n;
}

static void terminal_received(uint8_t byte)
{
	struct ring *ring = &console_state.terminal;

	if (byte == INTERRUPT_KEY && console_state.foreground != 0) {
		ring->count = 0;
		if (interactive())
			uart_write(MACHINE_COM1, "^C\r\n", 4);
		if (task_kill(console_state.foreground) < 0)
			console_state.foreground = 0;
		return;
	}
	keep(ring, byte);
}

static void control_received(uint8_t byte)
{
	keep(&console_state.control, byte);
}

/* What is unread of a terminal is still read.  It ends once, and a BREAK means nothing there. */
static void terminal_carrier(enum uart_carrier carrier)
{
	if (carrier != UART_DOWN)
		return;
	console_state.terminal.ended = CONSOLE_E_END;
	wait_wake_all(&console_state.terminal.readers);
}

/*
 * Interrupts off.  What a client sent is for nobody once it is gone.  What comes when the 16550
 * may speak again is kept: it may be the next client's.
 */
static void end_session(struct ring *ring, int ended)
{
	ring->count = 0;
	ring->ended = ended;
	if (ring->paused) {
		ring->paused = false;
		uart_pause(ring->port, false);
	}
	if (console_state.session != 0 && task_kill(console_state.session) < 0)
		console_state.session = 0;
	wait_wake_all(&ring->readers);
}

/*
 * Up while it was up: one client went and another came between two interrupts.
 * Down while it was down: one came and went.  A BREAK: one may have gone.
 */
static void control_carrier(enum uart_carrier carrier)
{
	struct ring *ring = &console_state.control;

	if (carrier == UART_BREAK)
		end_session(ring, CONSOLE_E_BREAK);
	else if (ring->up || carrier == UART_DOWN)
		end_session(ring, CONSOLE_E_END);
	ring->up = carrier != UART_DOWN;
}

CELL_EXPORT void console_set_foreground(uint64_t task_id)
{
	console_state.foreground = task_id;
}

CELL_EXPORT void console_set_session(uint64_t task_id)
{
	console_state.session = task_id;
}

/*
 * Interrupts off.  The end of the terminal comes after its last byte and again for each reader,
 * that of a session at once and once.
 */
static int take_end(struct ring *ring)
{
	int ended = ring->ended;

	if (ring != &console_state.terminal)
		ring->ended = 0;
	else if (ring->count > 0)
		return 0;
	return ended;
}

CELL_EXPORT int console_read_step(int stream, void *ret, size_t size, uint64_t deadline_ns,
				  size_t *ret_size)
{
	struct ring *ring =
		stream == CONSOLE_CONTROL ? &console_state.control : &console_state.terminal;
	OWN(irq_guard, guard) = irq_off();
	int r;

	if (size == 0)
		return -EINVAL;
	r = take_end(ring);
	while (r == 0 && ring->count == 0) {
		r = wait_on(&ring->readers, deadline_ns, &guard);
		if (r == 0)
			r = take_end(ring);
	}
	if (r != 0)
		return r;
	*ret_size = take(ring, ret, size);
	return 0;
}

static int next_byte(uint8_t *ret)
{
	size_t n;

	return console_read_step(CONSOLE_TERMINAL, ret, 1, WAIT_FOREVER, &n);
}

/* A reader that comes back after WAIT_E_RESTART finds its line as it was. */
static void begin_line(const char *prompt)
{
	struct editor_output output = { .length = 0 };

	if (console_state.reader == task_id())
		return;
	console_state.editor.plain = !interactive();
	editor_begin(&console_state.editor, prompt, &output);
	send(&output);
	console_state.reader = task_id();
}

static enum editor_event feed(uint8_t byte)
{
	struct editor_output output = { .length = 0 };
	enum editor_event event = editor_feed(&console_state.editor, byte, &output);

	send(&output);
	return event;
}

/* A last line may lack its newline. */
static enum editor_event end_of_input(void)
{
	return console_state.editor.length > 0 ? EDITOR_LINE : EDITOR_END;
}

CELL_EXPORT int console_read_line_step(const char *prompt, char *ret, size_t size)
{
	enum editor_event event = EDITOR_NONE;

	if (size == 0)
		return -EINVAL;
	begin_line(prompt);
	while (event == EDITOR_NONE) {
		uint8_t byte;
		int r = next_byte(&byte);

		if (r == WAIT_E_RESTART || r < 0)
			return r;
		if (r == CONSOLE_E_END)
			event = end_of_input();
		else if (byte == END_KEY && !interactive())
			console_state.terminal.ended = CONSOLE_E_END;
		else
			event = feed(byte);
	}
	console_state.reader = 0;
	if (event == EDITOR_END)
		return CONSOLE_E_END;
	if (event == EDITOR_INTERRUPT)
		return CONSOLE_E_INTERRUPT;
	string_copy(ret, size, console_state.editor.line);
	return 0;
}

CELL_EXPORT int console_init(void)
{
	int r = uart_attach(MACHINE_COM1, terminal_received, terminal_carrier);

	if (r < 0)
		return r;
	r = uart_attach(MACHINE_COM2, control_received, control_carrier);
	if (r < 0)
		return r;
	console_state.ready = true;
	return 0;
}

CELL("console", 1, CELL_SERVICE, "text in and out: streams, print, line editor with history");
