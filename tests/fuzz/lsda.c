/* SPDX-License-Identifier: MIT */
/*
 * Language-specific data: any bytes as the LSDA of a function.  What
 * unwind_check_lsdas takes leads from every place of the function to the
 * landing pad that a second reader finds, by the same tables: one that was
 * written after the Itanium C++ ABI and knows nothing of the first.
 *
 * Input: the size of the function (a byte), then the LSDA.
 */
#include <stdlib.h>
#include <string.h>

#include "../unwind/image.h"
#include "fuzz.h"
#include "unwind/unwind.h"

#define SECOND_SIZE 32 /* of image.c's second function */

/* ---- the second reader ------------------------------------------------------------- */

struct bytes {
	const uint8_t *at, *end;
	bool bad; /* a number was cut off, or no 64 bits hold it */
};

static uint64_t read_fixed(struct bytes *bytes, size_t size, bool is_signed)
{
	uint64_t value = 0;

	if ((size_t)(bytes->end - bytes->at) < size) {
		bytes->bad = true;
		return 0;
	}
	for (size_t i = size; i-- > 0;)
		value = value * 256 + bytes->at[i];
	if (is_signed && size < 8 && bytes->at[size - 1] >= 0x80)
		value -= 1ull << 8 * size;
	bytes->at += size;
	return value;
}

/* DWARF 5, 7.6: groups of seven bits, the lowest first. */
static uint64_t read_leb(struct bytes *bytes, bool is_signed)
{
	__int128 value = 0, unit = 1;
	uint8_t byte;

	for (int n = 0;; n++) {
		if (bytes->at == bytes->end || n == 10) {
			bytes->bad = true;
			return 0;
		}
		byte = *bytes->at++;
		value += unit * (byte & 0x7f);
		unit *= 128;
		if (byte < 0x80)
			break;
	}
	if (is_signed && byte & 0x40)
		value -= unit;
	if (value > (is_signed ? INT64_MAX : UINT64_MAX) || value < (is_signed ? INT64_MIN : 0))
		bytes->bad = true;
	return (uint64_t)value;
}

/* LSB 5, table 10-1. */
static uint64_t read_encoded(struct bytes *bytes, uint8_t format)
{
	static const uint8_t sizes[16] = {
		[0] = 8, [2] = 2, [3] = 4, [4] = 8, [10] = 2, [11] = 4, [12] = 8,
	};

	if (format == 1 || format == 9)
		return read_leb(bytes, format == 9);
	if (sizes[format] == 0) {
		bytes->bad = true;
		return 0;
	}
	return read_fixed(bytes, sizes[format], format > 9);
}

/* The landing pad of function + offset; 0: none.  False: the tables cannot be read. */
static bool find_pad(struct bytes lsda, uint64_t function, uint64_t offset, uint64_t *ret)
{
	uint64_t base = function, address, end;
	uint8_t encoding = (uint8_t)read_fixed(&lsda, 1, false);

	if (encoding != 0xff) {
		address = (uintptr_t)lsda.at;
		base = read_encoded(&lsda, encoding & 0x0f);
		base += (encoding & 0x70) == 0x10 && base != 0 ? address : 0;
	}
	if (read_fixed(&lsda, 1, false) != 0xff)
		read_leb(&lsda, false);
	encoding = (uint8_t)read_fixed(&lsda, 1, false);
	end = read_leb(&lsda, false);
	*ret = 0;
	if (lsda.bad || end > (size_t)(lsda.end - lsda.at))
		return false;
	lsda.end = lsda.at + end;
	while (lsda.at < lsda.end) {
		uint64_t start = read_encoded(&lsda, encoding & 0x0f);
		uint64_t size = read_encoded(&lsda, encoding & 0x0f);
		uint64_t pad = read_encoded(&lsda, encoding & 0x0f);

		read_leb(&lsda, false);
		if (lsda.bad)
			return false;
		if (offset >= start && offset - start < size && pad != 0)
			*ret = base + pad;
	}
	return true;
}

/* ---- the subject --------------------------------------------------------------------- */

static void check_pads(const uint8_t *bytes, size_t size, const struct unwind_entry *entry)
{
	struct unwind_cursor cursor = { .exact = true };

	for (uint64_t offset = 0; offset < entry->size; offset++) {
		struct bytes lsda = { bytes + IMAGE_LSDA, bytes + size, false };
		uint64_t pad = 1, expected = 2;

		cursor.registers[UNWIND_RIP] = entry->start + offset;
		FUZZ_REQUIRE(unwind_landing_pad(&cursor, entry, &pad) == 0);
		FUZZ_REQUIRE(find_pad(lsda, entry->start, offset, &expected));
		FUZZ_REQUIRE(pad == expected);
		FUZZ_REQUIRE(pad == 0 || pad - entry->start < entry->size + SECOND_SIZE);
		fuzz_accepted += pad != 0;
	}
	cursor.registers[UNWIND_RIP] = entry->start + entry->size;
	FUZZ_REQUIRE(unwind_landing_pad(&cursor, entry, &(uint64_t){ 0 }) == 0);
}

/* image.c's .eh_frame, with another size of its first function, and the LSDA behind it. */
static uint8_t *build(uint32_t function_size, const uint8_t *lsda, size_t lsda_size)
{
	struct image image;
	uint8_t *bytes;

	image_build(&image);
	image_program(&image, NULL, 0); /* one row, so that the function may be short */
	image_u32(&image, IMAGE_FDE_SIZE, function_size);
	image_u32(&image, IMAGE_SECOND_START, IMAGE_CODE + function_size - IMAGE_SECOND_START);
	bytes = malloc(IMAGE_LSDA + lsda_size);
	FUZZ_REQUIRE(bytes != NULL);
	memcpy(bytes, image.bytes, IMAGE_LSDA);
	if (lsda_size > 0)
		memcpy(bytes + IMAGE_LSDA, lsda, lsda_size);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	uint32_t function_size = fuzz_byte(&input) + 1u;
	uint8_t *bytes = build(function_size, input.at, input.left);
	uint64_t at = (uintptr_t)bytes;
	struct diag diag = { .offset = 0 };
	struct unwind_entry entries[2];
	size_t count;

	size = IMAGE_LSDA + input.left;
	FUZZ_REQUIRE(unwind_index(bytes, IMAGE_EH_FRAME_SIZE, at, at, at + size + 1, entries, 2,
				  &count, &diag) == 0);
	FUZZ_REQUIRE(count == 2 && entries[0].lsda == at + IMAGE_LSDA);
	if (unwind_check_lsdas(bytes, size, at, entries, count, &diag) == 0)
		check_pads(bytes, size, &entries[0]);
	else
		FUZZ_REQUIRE(diag.what[0] && diag.offset == IMAGE_LSDA);
	free(bytes);
	return 0;
}
