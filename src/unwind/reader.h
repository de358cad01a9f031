/* SPDX-License-Identifier: MIT */
/*
 * Bytes of DWARF, read in order and never past their end.
 *
 * An error is sticky: once a value did not fit, `bad` is set and everything
 * read later is 0, so a parser asks once, at its end.  Freestanding.
 * Source: DWARF 5 section 7.6 (LEB128), LSB 5 section 10.5.1 (DW_EH_PE).
 */
#ifndef UNWIND_READER_H
#define UNWIND_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *at, *end;
	uint64_t delta; /* absolute address of a byte = where it is in memory + delta */
	bool bad;
};

/* How a pointer is written, LSB 5 table 10-2. */
enum pointer_encoding {
	DW_EH_PE_absptr = 0x00,
	DW_EH_PE_uleb128 = 0x01,
	DW_EH_PE_udata2 = 0x02,
	DW_EH_PE_udata4 = 0x03,
	DW_EH_PE_udata8 = 0x04,
	DW_EH_PE_sleb128 = 0x09,
	DW_EH_PE_sdata2 = 0x0a,
	DW_EH_PE_sdata4 = 0x0b,
	DW_EH_PE_sdata8 = 0x0c,
	DW_EH_PE_pcrel = 0x10,
	DW_EH_PE_indirect = 0x80,
	DW_EH_PE_omit = 0xff,
};
#define DW_EH_PE_FORMAT 0x0f
#define DW_EH_PE_BASE 0x70

static inline size_t reader_left(const struct reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

/* What a value that does not fit does: the reader is bad, the value 0. */
uint64_t reader_fail(struct reader *reader);

/* Little endian, 1, 2, 4 or 8 bytes. */
static inline uint64_t reader_unsigned(struct reader *reader, unsigned int size)
{
	const uint8_t *at = reader->at;
	uint64_t value = 0;

	if (reader_left(reader) < size)
		return reader_fail(reader);
	reader->at += size;
	/* The builtin is a load also where memcpy is a call. */
	if (size == 4)
		__builtin_memcpy(&value, at, 4);
	else if (size == 8)
		__builtin_memcpy(&value, at, 8);
	else if (size == 2)
		__builtin_memcpy(&value, at, 2);
	else
		value = *at;
	return value;
}

int64_t reader_signed(struct reader *reader, unsigned int size);

static inline uint8_t reader_byte(struct reader *reader)
{
	return reader->at < reader->end ? *reader->at++ : (uint8_t)reader_fail(reader);
}

/* LEB128; bad when it is longer than 10 bytes or does not fit 64 bits. */
uint64_t reader_long_uleb(struct reader *reader);
int64_t reader_sleb(struct reader *reader);

/* Nearly all of them are one byte long. */
static inline uint64_t reader_uleb(struct reader *reader)
{
	if (reader->at < reader->end && *reader->at < 0x80)
		return *reader->at++;
	return reader_long_uleb(reader);
}

/* The next `size` bytes as a reader of their own. */
static inline struct reader reader_block(struct reader *reader, uint64_t size)
{
	struct reader block = { .delta = reader->delta };

	if (reader_left(reader) < size)
		reader_fail(reader);
	block.at = reader->at;
	block.bad = reader->bad;
	if (!reader->bad)
		reader->at += size;
	block.end = reader->at;
	return block;
}

/*
 * An encoded value: the format alone, and with its base added.  A pointer
 * that is written as 0 is 0, whatever its base.  Bad: a base other than
 * absolute and pcrel, or an unknown format.
 */
uint64_t reader_value(struct reader *reader, uint8_t encoding);
uint64_t reader_pointer(struct reader *reader, uint8_t encoding);

#endif
