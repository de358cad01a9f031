/* SPDX-License-Identifier: MIT */
/* Bounded reading of DWARF's encodings, see reader.h.  Freestanding. */
#include "unwind/reader.h"

uint64_t reader_fail(struct reader *reader)
{
	reader->bad = true;
	reader->at = reader->end;
	return 0;
}

int64_t reader_signed(struct reader *reader, unsigned int size)
{
	unsigned int unused = 64 - 8 * size;

	return (int64_t)(reader_unsigned(reader, size) << unused) >> unused;
}

uint64_t reader_long_uleb(struct reader *reader)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 70 && reader->at < reader->end; shift += 7) {
		uint8_t byte = *reader->at++;

		if (shift == 63 && (byte & 0x7f) > 1)
			return reader_fail(reader);
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	return reader_fail(reader);
}

int64_t reader_sleb(struct reader *reader)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 70 && reader->at < reader->end; shift += 7) {
		uint8_t byte = *reader->at++;

		if (shift == 63 && (byte & 0x7f) != 0 && (byte & 0x7f) != 0x7f)
			return (int64_t)reader_fail(reader);
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (shift < 57 && (byte & 0x40))
			value |= UINT64_MAX << (shift + 7);
		return (int64_t)value;
	}
	return (int64_t)reader_fail(reader);
}

uint64_t reader_value(struct reader *reader, uint8_t encoding)
{
	switch (encoding & DW_EH_PE_FORMAT) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return reader_unsigned(reader, 8);
	case DW_EH_PE_uleb128:
		return reader_uleb(reader);
	case DW_EH_PE_udata2:
		return reader_unsigned(reader, 2);
	case DW_EH_PE_udata4:
		return reader_unsigned(reader, 4);
	case DW_EH_PE_sleb128:
		return (uint64_t)reader_sleb(reader);
	case DW_EH_PE_sdata2:
		return (uint64_t)reader_signed(reader, 2);
	case DW_EH_PE_sdata4:
		return (uint64_t)reader_signed(reader, 4);
	default:
		return reader_fail(reader);
	}
}

uint64_t reader_pointer(struct reader *reader, uint8_t encoding)
{
	uint64_t address = (uintptr_t)reader->at + reader->delta, value;
	uint8_t base = encoding & DW_EH_PE_BASE;

	if (base != 0 && base != DW_EH_PE_pcrel)
		return reader_fail(reader);
	value = reader_value(reader, encoding);
	if (value == 0 || base == 0)
		return value;
	return value + address;
}
