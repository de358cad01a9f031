/* SPDX-License-Identifier: MIT */
/* The line editor; see editor.h. */
#include "editor.h"

#include "base/format.h"
#include "base/string.h"

#define CONTROL(letter) ((letter)&0x1f)
#define DELETE 0x7f
#define ESCAPE 0x1b

static void emit(struct editor_output *output, const char *text)
{
	for (; *text && output->length < sizeof(output->text); text++)
		output->text[output->length++] = *text;
}

static void emit_bytes(struct editor_output *output, const char *text, size_t size)
{
	for (size_t i = 0; i < size && output->length < sizeof(output->text); i++)
		output->text[output->length++] = text[i];
}

/* ---- characters ------------------------------------------------------------ */

/* Whether the byte goes on with the character before it (UTF-8, RFC 3629). */
static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static uint32_t columns(const char *text, uint32_t size)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < size; i++)
		n += !continues(text[i]);
	return n;
}

static uint32_t previous(const struct editor *editor, uint32_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && continues(editor->line[at]))
		at--;
	return at;
}

static uint32_t following(const struct editor *editor, uint32_t at)
{
	if (at < editor->length)
		at++;
	while (at < editor->length && continues(editor->line[at]))
		at++;
	return at;
}

/* ---- screen ------------------------------------------------------------------ */

static uint32_t room(const struct editor *editor)
{
	uint32_t prompt = columns(editor->prompt, (uint32_t)string_length(editor->prompt));

	return EDITOR_COLUMNS - 1 - prompt;
}

void editor_hide(const struct editor *editor, struct editor_output *output)
{
	if (!editor->plain)
		emit(output, "\r\x1b[K");
}

void editor_draw(const struct editor *editor, struct editor_output *output)
{
	uint32_t width = room(editor), from = 0, to, column;
	char move[16];

	if (editor->plain)
		return;
	/* The cursor is always in the window: at its right end when the line is longer. */
	while (columns(editor->line + from, editor->cursor - from) > width)
		from = following(editor, from);
	to = editor->cursor;
	while (to < editor->length && columns(editor->line + from, to - from) < width)
		to = following(editor, to);
	emit(output, "\r");
	emit(output, editor->prompt);
	emit_bytes(output, editor->line + from, to - from);
	emit(output, "\x1b[K");
	column = columns(editor->line + editor->cursor, to - editor->cursor);
	if (column > 0) {
		format_text(move, sizeof(move), "\x1b[%uD", column);
		emit(output, move);
	}
}

/* ---- editing ------------------------------------------------------------------- */

static void erase(struct editor *editor, uint32_t from, uint32_t to)
{
	memmove(editor->line + from, editor->line + to, editor->length - to + 1);
	editor->length -= to - from;
	editor->cursor = from;
}

static void insert(struct editor *editor, uint8_t byte, struct editor_output *output)
{
	uint32_t rest = editor->length - editor->cursor;

	if (editor->length + 1 >= EDITOR_LINE_MAX)
		return;
	memmove(editor->line + editor->cursor + 1, editor->line + editor->cursor, rest + 1);
	editor->line[editor->cursor++] = (char)byte;
	editor->length++;
	if (editor->plain)
		return;
	if (rest == 0 && columns(editor->line, editor->length) <= room(editor))
		emit_bytes(output, (const char *)&byte, 1);
	else
		editor_draw(editor, output);
}

static uint32_t word_start(const struct editor *editor)
{
	uint32_t at = editor->cursor;

	while (at > 0 && editor->line[at - 1] == ' ')
		at--;
	while (at > 0 && editor->line[at - 1] != ' ')
		at--;
	return at;
}

/* ---- history ------------------------------------------------------------------- */

static void remember(struct editor *editor)
{
	uint32_t last = (editor->n_history - 1) % EDITOR_HISTORY_MAX;

	if (editor->length == 0)
		return;
	if (editor->n_history > 0 && string_equal(editor->history[last], editor->line))
		return;
	string_copy(editor->history[editor->n_history % EDITOR_HISTORY_MAX], EDITOR_LINE_MAX,
		    editor->line);
	editor->n_history++;
}

static void recall(struct editor *editor, uint32_t back)
{
	uint32_t kept =
		editor->n_history < EDITOR_HISTORY_MAX ? editor->n_history : EDITOR_HISTORY_MAX;
	const char *text = editor->draft;

	if (back > kept)
		return;
	if (editor->back == 0)
		string_copy(editor->draft, sizeof(editor->draft), editor->line);
	if (back > 0)
		text = editor->history[(editor->n_history - back) % EDITOR_HISTORY_MAX];
	string_copy(editor->line, sizeof(editor->line), text);
	editor->length = (uint32_t)string_length(editor->line);
	editor->cursor = editor->length;
	editor->back = back;
}

/* ---- keys ------------------------------------------------------------------------ */

/* Final byte of a control sequence, or its number when that is '~' (xterm, rxvt, Linux). */
static void special_key(struct editor *editor, uint8_t key)
{
	static const char by_number[] = { 0, 'H', 0, 'P', 'F', 0, 0, 'H', 'F' };

	if (key == '~' && editor->parameter < sizeof(by_number))
		key = (uint8_t)by_number[editor->parameter];
	if (key == 'A')
		recall(editor, editor->back + 1);
	else if (key == 'B' && editor->back > 0)
		recall(editor, editor->back - 1);
	else if (key == 'C')
		editor->cursor = following(editor, editor->cursor);
	else if (key == 'D')
		editor->cursor = previous(editor, editor->cursor);
	else if (key == 'H')
		editor->cursor = 0;
	else if (key == 'F')
		editor->cursor = editor->length;
	else if (key == 'P')
		erase(editor, editor->cursor, following(editor, editor->cursor));
}

static void control_key(struct editor *editor, uint8_t key)
{
	static const char same_as[] = {
		[CONTROL('A')] = 'H', [CONTROL('B')] = 'D', [CONTROL('D')] = 'P',
		[CONTROL('E')] = 'F', [CONTROL('F')] = 'C', [CONTROL('N')] = 'B',
		[CONTROL('P')] = 'A',
	};

	if (key < sizeof(same_as) && same_as[key])
		special_key(editor, (uint8_t)same_as[key]);
	else if (key == CONTROL('H') || key == DELETE)
		erase(editor, previous(editor, editor->cursor), editor->cursor);
	else if (key == CONTROL('K'))
		erase(editor, editor->cursor, editor->length);
	else if (key == CONTROL('U'))
		erase(editor, 0, editor->cursor);
	else if (key == CONTROL('W'))
		erase(editor, word_start(editor), editor->cursor);
}

/* True: the byte was part of an escape sequence. */
static bool feed_escape(struct editor *editor, uint8_t byte, struct editor_output *output)
{
	switch (editor->escape) {
	case ESCAPE_NONE:
		if (byte != ESCAPE)
			return false;
		editor->escape = ESCAPE_STARTED;
		return true;
	case ESCAPE_STARTED:
		editor->parameter = 0;
		editor->escape = byte == '[' ? ESCAPE_CSI : byte == 'O' ? ESCAPE_SS3 : ESCAPE_NONE;
		return true;
	case ESCAPE_CSI:
		if (byte >= '0' && byte <= '9') {
			editor->parameter = (editor->parameter * 10 + byte - '0') % 1000;
			return true;
		}
		if (byte < 0x40) /* further parameters and intermediate bytes */
			return true;
	}
	editor->escape = ESCAPE_NONE;
	special_key(editor, byte);
	editor_draw(editor, output);
	return true;
}

static enum editor_event finish(struct editor *editor, enum editor_event event, const char *text,
				struct editor_output *output)
{
	if (!editor->plain)
		emit(output, text);
	if (event == EDITOR_LINE && !editor->plain)
		remember(editor);
	return event;
}

void editor_begin(struct editor *editor, const char *prompt, struct editor_output *output)
{
	string_copy(editor->prompt, sizeof(editor->prompt), prompt);
	editor->line[0] = 0;
	editor->length = 0;
	editor->cursor = 0;
	editor->escape = ESCAPE_NONE;
	editor->back = 0;
	editor_draw(editor, output);
}

enum editor_event editor_feed(struct editor *editor, uint8_t byte, struct editor_output *output)
{
	bool after_return = editor->after_return;

	editor->after_return = byte == '\r';
	if (byte == '\n' && after_return)
		return EDITOR_NONE;
	if (byte == '\r' || byte == '\n')
		return finish(editor, EDITOR_LINE, "\r\n", output);
	if (byte == CONTROL('C'))
		return finish(editor, EDITOR_INTERRUPT, "^C\r\n", output);
	if (byte == CONTROL('D') && editor->length == 0)
		return finish(editor, EDITOR_END, "\r\n", output);
	if (editor->plain) {
		insert(editor, byte, output);
		return EDITOR_NONE;
	}
	if (feed_escape(editor, byte, output))
		return EDITOR_NONE;
	if (byte >= ' ' && byte != DELETE) {
		insert(editor, byte, output);
		return EDITOR_NONE;
	}
	if (byte == CONTROL('L'))
		emit(output, "\x1b[H\x1b[2J");
	else
		control_key(editor, byte);
	editor_draw(editor, output);
	return EDITOR_NONE;
}
