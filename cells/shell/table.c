/* SPDX-License-Identifier: MIT */
/* Tables as text or JSON; see table.h. */
#include "table.h"

#include <clew/console.h>

#include "base/format.h"
#include "base/string.h"

#define CELL_TEXT_MAX (6 * TABLE_TEXT_MAX + 3) /* every byte escaped, quotes, zero */

static void append(struct table *table, const char *text)
{
	size_t size = string_length(text);

	if (size >= sizeof(table->row) - table->length)
		size = sizeof(table->row) - table->length - 1;
	memcpy(table->row + table->length, text, size);
	table->length += size;
	table->row[table->length] = 0;
}

/* ---- text ---------------------------------------------------------------- */

static void append_padding(struct table *table, size_t used, size_t width)
{
	for (; used < width; used++)
		append(table, " ");
}

static void append_aligned(struct table *table, const char *text)
{
	const struct table_column *column = &table->columns[table->column];
	bool left = column->kind == TABLE_TEXT || column->kind == TABLE_YES;
	size_t length = string_length(text);

	if (table->column > 0)
		append(table, "  ");
	if (!left)
		append_padding(table, length, column->width);
	append(table, text);
	if (left && table->column + 1 < table->n_columns)
		append_padding(table, length, column->width);
}

static void print_heading(struct table *table)
{
	for (table->column = 0; table->column < table->n_columns; table->column++) {
		char heading[32];
		char *c = heading;

		string_copy(heading, sizeof(heading), table->columns[table->column].key);
		for (; *c; c++) {
			if (*c == '_')
				*c = ' ';
			else if (*c >= 'a' && *c <= 'z')
				*c = (char)(*c - 'a' + 'A');
		}
		append_aligned(table, heading);
	}
	print("%s\n", table->row);
}

/* ---- JSON ------------------------------------------------------------------ */

static size_t escape(char *to, char c)
{
	if (c == '"' || c == '\\') {
		to[0] = '\\';
		to[1] = c;
		return 2;
	}
	if ((unsigned char)c < 0x20)
		return format_text(to, 7, "\\u%04x", (unsigned int)c);
	to[0] = c;
	return 1;
}

static void quote(const char *text, char *ret)
{
	size_t n = 0;

	ret[n++] = '"';
	for (size_t i = 0; text[i] && i < TABLE_TEXT_MAX; i++)
		n += escape(ret + n, text[i]);
	ret[n++] = '"';
	ret[n] = 0;
}

static void append_member(struct table *table, const char *value)
{
	append(table, table->column == 0 ? "{\"" : ", \"");
	append(table, table->columns[table->column].key);
	append(table, "\": ");
	append(table, value);
	if (table->column + 1 == table->n_columns)
		append(table, "}");
}

/* ---- rows -------------------------------------------------------------------- */

static void reset_row(struct table *table)
{
	table->column = 0;
	table->length = 0;
	table->row[0] = 0;
}

static void advance(struct table *table)
{
	if (++table->column < table->n_columns)
		return;
	if (table->json)
		print("%s\n  %s", table->rows > 0 ? "," : "", table->row);
	else
		print("%s\n", table->row);
	table->rows++;
	reset_row(table);
}

void table_begin(struct table *table, const struct table_column *columns, size_t n, bool json)
{
	table->columns = columns;
	table->n_columns = n;
	table->json = json;
	table->rows = 0;
	reset_row(table);
	if (json)
		print("[");
	else
		print_heading(table);
	reset_row(table);
}

void table_put_text(struct table *table, const char *text)
{
	char value[CELL_TEXT_MAX];

	if (table->json) {
		quote(text, value);
		append_member(table, value);
	} else {
		string_copy(value, TABLE_TEXT_MAX + 1, text);
		append_aligned(table, value);
	}
	advance(table);
}

static void format_value(const struct table *table, uint64_t value, char *to, size_t size)
{
	uint64_t us = value / 1000;

	switch (table->columns[table->column].kind) {
	case TABLE_HEX:
		format_text(to, size, table->json ? "\"0x%lx\"" : "0x%lx", value);
		return;
	case TABLE_SECONDS:
		format_text(to, size, "%lu.%06lu", us / 1000000, us % 1000000);
		return;
	case TABLE_YES:
		string_copy(to, size,
			    table->json ? (value ? "true" : "false") : (value ? "yes" : "no"));
		return;
	default:
		format_text(to, size, "%lu", value);
	}
}

void table_put(struct table *table, uint64_t value)
{
	char text[32];

	format_value(table, value, text, sizeof(text));
	if (table->json)
		append_member(table, text);
	else
		append_aligned(table, text);
	advance(table);
}

void table_end(struct table *table)
{
	if (table->json)
		print(table->rows > 0 ? "\n]\n" : "]\n");
}
