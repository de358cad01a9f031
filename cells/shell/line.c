/* SPDX-License-Identifier: MIT */
/* Splitting into commands and words; see line.h. */
#include "line.h"

struct splitter {
	const char *at, *end;
	struct line *line;
	bool in_word;
	bool overflow;
	bool wants_output; /* a > was seen, and its word was not */
	bool mistaken;	   /* ... and never will be, or twice */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_command(char c)
{
	return c == '\n' || c == ';' || c == '&';
}

static void put(struct splitter *s, char c)
{
	struct line *line = s->line;

	if (line->used == LINE_TEXT_MAX) {
		s->overflow = true;
		return;
	}
	line->text[line->used++] = c;
}

static void begin_word(struct splitter *s)
{
	struct line *line = s->line;

	if (s->in_word)
		return;
	s->in_word = true;
	if (s->wants_output) {
		s->wants_output = false;
		line->output = line->text + line->used;
		return;
	}
	if (line->argc == LINE_WORDS_MAX) {
		s->overflow = true;
		return;
	}
	line->argv[line->argc++] = line->text + line->used;
}

static void end_word(struct splitter *s)
{
	if (s->in_word)
		put(s, 0);
	s->in_word = false;
}

static void skip_comment(struct splitter *s)
{
	while (s->at < s->end && *s->at != '\n')
		s->at++;
}

static void skip_between_commands(struct splitter *s)
{
	while (s->at < s->end) {
		if (*s->at == '#')
			skip_comment(s);
		else if (is_blank(*s->at) || *s->at == '\n' || *s->at == ';')
			s->at++;
		else
			return;
	}
}

/* At the opening quote. */
static int take_quoted(struct splitter *s)
{
	char quote = *s->at++;

	begin_word(s);
	while (s->at < s->end && *s->at != quote) {
		if (quote == '"' && *s->at == '\\' && s->at + 1 < s->end)
			s->at++;
		put(s, *s->at++);
	}
	if (s->at == s->end)
		return LINE_E_QUOTE;
	s->at++;
	return 0;
}

/* At a >. */
static void take_output(struct splitter *s)
{
	end_word(s);
	s->at++;
	s->mistaken |= s->wants_output || s->line->output != NULL;
	s->wants_output = true;
	s->line->append = s->at < s->end && *s->at == '>';
	s->at += s->line->append;
}

/* At a byte that does not end the command. */
static int take_piece(struct splitter *s)
{
	if (is_blank(*s->at)) {
		end_word(s);
		s->at++;
		return 0;
	}
	if (*s->at == '#' && !s->in_word) {
		skip_comment(s);
		return 0;
	}
	if (*s->at == '>') {
		take_output(s);
		return 0;
	}
	if (*s->at == '\'' || *s->at == '"')
		return take_quoted(s);
	if (*s->at == '\\' && s->at + 1 < s->end)
		s->at++;
	begin_word(s);
	put(s, *s->at++);
	return 0;
}

static int split(struct splitter *s)
{
	skip_between_commands(s);
	if (s->at == s->end)
		return LINE_E_END;
	while (s->at < s->end && !ends_command(*s->at)) {
		int r = take_piece(s);

		if (r != 0)
			return r;
	}
	end_word(s);
	if (s->at < s->end)
		s->line->background = *s->at++ == '&';
	if (s->overflow)
		return LINE_E_LONG;
	if (s->mistaken || s->wants_output || (s->line->output != NULL && s->line->argc == 0))
		return LINE_E_OUTPUT;
	if (s->line->argc == 0)
		return LINE_E_EMPTY;
	return 0;
}

int line_next(const char **at, const char *end, struct line *ret)
{
	struct splitter s = { .at = *at, .end = end, .line = ret };
	int r;

	ret->argc = 0;
	ret->used = 0;
	ret->background = false;
	ret->output = NULL;
	ret->append = false;
	r = split(&s);
	ret->argv[ret->argc] = NULL;
	*at = s.at;
	return r;
}

const char *line_error(int error)
{
	switch (error) {
	case LINE_E_QUOTE:
		return "a quote does not end";
	case LINE_E_LONG:
		return "too many words";
	case LINE_E_EMPTY:
		return "nothing before &";
	case LINE_E_OUTPUT:
		return "expected COMMAND > FILE, with one > or >>";
	default:
		return "no command";
	}
}
