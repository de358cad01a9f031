/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 against the vectors of its reference implementation: key 00 01
 * .. 0f, messages of the first n bytes of 00 01 02 ...
 */
#include <stdlib.h>

#include "tap.h"
#include "toolchain/siphash.h"

static const struct {
	size_t size;
	uint64_t hash;
} vectors[] = {
	{ 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd },  { 7, 0xab0200f58b01d137 },
	{ 8, 0x93f5f5799a932462 }, { 15, 0xa129ca6149be45e5 },
};

START_TEST(the_hash_of_each_vector_is_the_reference_value)
{
	uint8_t key[16], message[16];

	for (uint8_t i = 0; i < 16; i++)
		key[i] = message[i] = i;
	ck_assert_uint_eq(siphash(key, message, vectors[_i].size), vectors[_i].hash);
}
END_TEST

START_TEST(the_key_matters)
{
	const uint8_t one[16] = { 1 }, two[16] = { 2 };

	ck_assert_uint_ne(siphash(one, "text", 4), siphash(two, "text", 4));
}
END_TEST

START_TEST(texts_that_differ_at_their_end_differ)
{
	ck_assert_uint_ne(type_text_hash("(4/4,)5/4"), type_text_hash("(4/4,)5/8"));
	ck_assert_uint_eq(type_text_hash("(4/4,)5/4"), type_text_hash("(4/4,)5/4"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("siphash");
	TCase *tests = tcase_create("siphash");

	tcase_add_loop_test(tests, the_hash_of_each_vector_is_the_reference_value, 0,
			    sizeof(vectors) / sizeof(vectors[0]));
	tcase_add_test(tests, the_key_matters);
	tcase_add_test(tests, texts_that_differ_at_their_end_differ);
	suite_add_tcase(suite, tests);
	return tap_run(suite);
}
