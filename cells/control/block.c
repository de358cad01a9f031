/* SPDX-License-Identifier: MIT */
/* See block.h. */
#include "block.h"

#include "base/string.h"

#define PIECE 1024u

int block_take(struct block_stream *stream, void *ret, size_t size, size_t *ret_size)
{
	size_t most = size < stream->left ? size : stream->left;
	size_t got;
	int r = bulk_take(ret, most, &got);

	if (r < 0)
		return r;
	if (got == 0)
		return BLOCK_E_NOTHING;
	stream->left -= (uint32_t)got;
	*ret_size = got;
	return 0;
}

int block_next(struct block_stream *stream)
{
	struct bulk_header *header = &stream->header;
	uint8_t piece[PIECE];
	size_t got;
	int r = 0;

	while (r == 0 && stream->left > 0)
		r = block_take(stream, piece, sizeof(piece), &got);
	if (r != 0)
		return r;
	if (stream->header_size == sizeof(*header))
		stream->header_size = 0;
	r = bulk_take((uint8_t *)header + stream->header_size,
		      sizeof(*header) - stream->header_size, &got);
	if (r < 0)
		return r;
	stream->header_size += (uint32_t)got;
	if (stream->header_size < sizeof(*header))
		return BLOCK_E_NOTHING;
	if (header->magic != BULK_MAGIC)
		return -EBADMSG;
	stream->left = header->length;
	return 0;
}

int block_drop(void)
{
	uint8_t piece[PIECE];
	size_t got = 0, dropped = 0;
	int r;

	do {
		r = bulk_take(piece, sizeof(piece), &got);
		dropped += r == 0 ? got : 0;
	} while (r == 0 && got == sizeof(piece));
	return r == 0 && dropped == 0 ? BLOCK_E_NOTHING : r;
}
