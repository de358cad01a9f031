/* SPDX-License-Identifier: MIT */
/*
 * Rows of named columns, printed as aligned text or as a JSON array.
 *
 * A command describes its columns once and puts one value after the other;
 * which of the two is printed is decided at table_begin.  Rows are printed as
 * they become complete, each with one print().  Text is cut to TABLE_TEXT_MAX
 * bytes; in JSON it is escaped (RFC 8259).  No allocation.
 */
#ifndef SHELL_TABLE_H
#define SHELL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_TEXT_MAX 200
#define TABLE_ROW_MAX 2048

enum table_kind {
	TABLE_TEXT,    /* left aligned */
	TABLE_NUMBER,  /* right aligned */
	TABLE_HEX,     /* 0x...; in JSON a string, since numbers there are not exact */
	TABLE_SECONDS, /* given in nanoseconds, printed in seconds with six decimals */
	TABLE_YES,     /* "yes" or "no"; true or false */
};

/* `key` is the JSON member; the heading is the same in capitals, with blanks for `_`. */
struct table_column {
	const char *key;
	uint32_t kind;	/* enum table_kind */
	uint32_t width; /* columns of the screen, at least the heading's */
};

struct table {
	const struct table_column *columns;
	size_t n_columns;
	bool json;
	size_t column; /* the next to be put */
	uint64_t rows;
	size_t length; /* of the row so far */
	char row[TABLE_ROW_MAX];
};

void table_begin(struct table *table, const struct table_column *columns, size_t n, bool json);
void table_put_text(struct table *table, const char *text);
void table_put(struct table *table, uint64_t value);
void table_end(struct table *table);

#define TABLE_BEGIN(table, columns, json) \
	table_begin((table), (columns), sizeof(columns) / sizeof((columns)[0]), (json))

#endif
