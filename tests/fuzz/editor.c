/* SPDX-License-Identifier: MIT */
/*
 * The console's line editor: keys in any order leave a line within its
 * bounds, and the screen, followed byte by byte, shows what drawing the line
 * anew on an empty screen shows.
 *
 * Input: a byte of options, then keys.
 */
#include "../../cells/console/editor.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define PROMPT "clew> "
#define CELL_MAX 4 /* bytes of a character that are kept; it shows the first that came */

/* One row of a terminal (ECMA-48): its characters, and where the cursor is. */
struct screen {
	char cell[EDITOR_COLUMNS + 1][CELL_MAX + 1];
	unsigned int column;
};

static void screen_erase(struct screen *screen)
{
	for (unsigned int i = screen->column; i <= EDITOR_COLUMNS; i++)
		memset(screen->cell[i], 0, sizeof(screen->cell[i]));
}

/* A byte that goes on with a character (RFC 3629) belongs to the column before. */
static void screen_put(struct screen *screen, char byte)
{
	bool continues = (byte & 0xc0) == 0x80;
	char *cell;

	FUZZ_REQUIRE(!continues || screen->column > 0);
	if (!continues)
		memset(screen->cell[screen->column++], 0, CELL_MAX + 1);
	FUZZ_REQUIRE(screen->column < EDITOR_COLUMNS); /* the last column would wrap */
	cell = screen->cell[screen->column - 1];
	if (strlen(cell) < CELL_MAX)
		cell[strlen(cell)] = byte;
}

/* After ESC [; the end of the sequence. */
static const char *screen_control(struct screen *screen, const char *at)
{
	unsigned int number = 0;

	for (; *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (unsigned int)(*at - '0');
	if (*at == 'D') {
		FUZZ_REQUIRE(number > 0 && number <= screen->column);
		screen->column -= number;
	} else if (*at == 'H') {
		screen->column = 0;
	} else if (*at == 'K') {
		screen_erase(screen);
	} else {
		FUZZ_REQUIRE(*at == 'J');
		memset(screen, 0, sizeof(*screen));
	}
	return at + 1;
}

static void screen_show(struct screen *screen, const struct editor_output *output)
{
	char text[EDITOR_OUTPUT_MAX + 1];

	FUZZ_REQUIRE(output->length < sizeof(output->text)); /* nothing was dropped */
	memcpy(text, output->text, output->length);
	text[output->length] = 0;
	for (const char *at = text; at < text + output->length;) {
		if (at[0] == '\x1b' && at[1] == '[') {
			at = screen_control(screen, at + 2);
		} else if (*at == '\r') {
			screen->column = 0;
			at++;
		} else if (*at == '\n') {
			memset(screen->cell, 0, sizeof(screen->cell));
			at++;
		} else {
			screen_put(screen, *at++);
		}
	}
}

static unsigned int columns_of(const char *text, size_t size)
{
	unsigned int n = 0;

	for (size_t i = 0; i < size; i++)
		n += (text[i] & 0xc0) != 0x80;
	return n;
}

/*
 * A line that fits is shown whole, and the cursor where it is; but for a text that is no UTF-8
 * and has the cursor where a character would be cut.
 */
static void check_short_line(const struct editor *editor, const struct screen *screen)
{
	struct screen expected = { .column = 0 };

	if (sizeof(PROMPT) + columns_of(editor->line, editor->length) > EDITOR_COLUMNS ||
	    (editor->line[editor->cursor] & 0xc0) == 0x80)
		return;
	for (const char *at = PROMPT; *at; at++)
		screen_put(&expected, *at);
	for (uint32_t i = 0; i < editor->length; i++)
		screen_put(&expected, editor->line[i]);
	expected.column =
		(unsigned int)sizeof(PROMPT) - 1 + columns_of(editor->line, editor->cursor);
	FUZZ_REQUIRE(memcmp(&expected, screen, sizeof(expected)) == 0);
}

static void check_screen(const struct editor *editor, const struct screen *screen)
{
	struct editor_output output = { .length = 0 };
	struct screen anew = { .column = 0 };

	editor_draw(editor, &output);
	screen_show(&anew, &output);
	FUZZ_REQUIRE(memcmp(&anew, screen, sizeof(anew)) == 0);
	check_short_line(editor, screen);
}

static void check_line(const struct editor *editor)
{
	FUZZ_REQUIRE(editor->length < EDITOR_LINE_MAX && editor->cursor <= editor->length);
	FUZZ_REQUIRE(editor->line[editor->length] == 0);
	FUZZ_REQUIRE(editor->plain || strlen(editor->line) == editor->length);
	FUZZ_REQUIRE(editor->escape <= ESCAPE_SS3 && editor->back <= EDITOR_HISTORY_MAX);
	for (size_t i = 0; i < EDITOR_HISTORY_MAX; i++)
		FUZZ_REQUIRE(memchr(editor->history[i], 0, EDITOR_LINE_MAX) != NULL);
	FUZZ_REQUIRE(memchr(editor->draft, 0, EDITOR_LINE_MAX) != NULL);
}

/* The console feeds a byte, and after the end of a line begins the next. */
static void press(struct editor *editor, struct screen *screen, uint8_t key)
{
	struct editor_output output = { .length = 0 };
	enum editor_event event = editor_feed(editor, key, &output);

	check_line(editor);
	if (event == EDITOR_INTERRUPT) /* its ^C may wrap: the next line is begun anyway */
		memset(screen, 0, sizeof(*screen));
	else
		screen_show(screen, &output);
	if (event != EDITOR_NONE) {
		output.length = 0;
		editor_begin(editor, PROMPT, &output);
		screen_show(screen, &output);
		fuzz_accepted += event == EDITOR_LINE;
	}
	if (!editor->plain)
		check_screen(editor, screen);
}

/* What another task prints comes between: the line goes, and comes again. */
static void interrupt(struct editor *editor, struct screen *screen)
{
	struct editor_output output = { .length = 0 };

	editor_hide(editor, &output);
	screen_show(screen, &output);
	FUZZ_REQUIRE(editor->plain || (screen->column == 0 && !screen->cell[0][0]));
	output.length = 0;
	editor_draw(editor, &output);
	screen_show(screen, &output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct editor *editor = calloc(1, sizeof(*editor));
	struct editor_output output = { .length = 0 };
	struct screen screen = { .column = 0 };
	uint8_t options = fuzz_byte(&input);

	FUZZ_REQUIRE(editor != NULL);
	editor->plain = options & 1;
	editor_begin(editor, PROMPT, &output);
	screen_show(&screen, &output);
	while (input.left > 0) {
		uint8_t key = fuzz_byte(&input);

		press(editor, &screen, key);
		if (key == (options & ~1))
			interrupt(editor, &screen);
	}
	free(editor);
	return 0;
}
