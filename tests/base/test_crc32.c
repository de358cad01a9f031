/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 against published values (the check value of CRC catalogues, zlib's
 * crc32() of short texts) and against the division that defines it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "tap.h"

/* The definition: one bit at a time through the reflected polynomial. */
static uint32_t divide(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size * 8; i++) {
		uint32_t bit = (bytes[i / 8] >> i % 8 ^ crc) & 1;

		crc = crc >> 1 ^ (bit ? 0xedb88320 : 0);
	}
	return ~crc;
}

START_TEST(published_values_come_out)
{
	ck_assert_uint_eq(crc32_update(0, "", 0), 0);
	ck_assert_uint_eq(crc32_update(0, "123456789", 9), 0xcbf43926);
	ck_assert_uint_eq(crc32_update(0, "a", 1), 0xe8b7be43);
	ck_assert_uint_eq(crc32_update(0, "abc", 3), 0x352441c2);
	ck_assert_uint_eq(crc32_update(0, "The quick brown fox jumps over the lazy dog", 43),
			  0x414fa339);
}
END_TEST

START_TEST(it_is_the_division_by_the_polynomial)
{
	uint8_t bytes[300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i * 31 + i);
	for (size_t n = 0; n <= sizeof(bytes); n++)
		ck_assert_uint_eq(crc32_update(0, bytes, n), divide(bytes, n));
}
END_TEST

START_TEST(parts_continue_each_other)
{
	const char *text = "The quick brown fox jumps over the lazy dog";

	for (size_t n = 0; n <= 43; n++)
		ck_assert_uint_eq(crc32_update(crc32_update(0, text, n), text + n, 43 - n),
				  0x414fa339);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crc32");
	TCase *crc32 = tcase_create("crc32");

	suite_add_tcase(suite, crc32);
	tcase_add_test(crc32, published_values_come_out);
	tcase_add_test(crc32, it_is_the_division_by_the_polynomial);
	tcase_add_test(crc32, parts_continue_each_other);
	return tap_run(suite);
}
