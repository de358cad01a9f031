/* SPDX-License-Identifier: MIT */
/*
 * The header line of a request (control.h), and why a request is refused.
 *
 * Does not read, answer or allocate.
 */
#ifndef CONTROL_REQUEST_H
#define CONTROL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <clew/control.h>
#include <clew/errors.h>
#include <clew/memory.h>

#define REQUEST_WORDS_MAX 6
#define REQUEST_TEXT_MAX 512

enum request_verb {
	REQUEST_EXEC,
	REQUEST_SWAP,
	REQUEST_SYNC,
	REQUEST_VERBS
};

struct request {
	char header[CONTROL_HEADER_MAX + 1];  /* without line feed; cut into words */
	const char *words[REQUEST_WORDS_MAX]; /* of header */
	uint32_t n_words;
	enum request_verb verb;
	const char *name; /* of a cell, or a nonce */
	bool is_bulk;	  /* the payload comes as the block `block` */
	uint32_t block;
	uint64_t length;
	uint32_t crc;
	map_rw payload;		     /* length bytes and a zero */
	char text[REQUEST_TEXT_MAX]; /* why it was refused */
};

/* From header to everything up to crc.  -EBADMSG: refused. */
MUST_USE int request_parse(struct request *request);

/* -EBADMSG, with the text set. */
__attribute__((format(printf, 2, 3))) int request_refuse(struct request *request,
							 const char *format, ...);

#endif
