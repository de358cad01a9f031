/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 against the vectors of NIST (FIPS 180-2 appendix B, and SHA_All), and
 * against sha256sum on bytes at random.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sha256.h"
#include "tap.h"

#define MILLION 1000000
#define LENGTHS 200

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint8_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint8_t)(random_state >> 24);
}

static void expect(const void *bytes, size_t size, const char *expected)
{
	char text[SHA256_TEXT_SIZE];

	sha256_text(bytes, size, text);
	ck_assert_str_eq(text, expected);
}

START_TEST(the_vectors_of_the_standard_come_out)
{
	static const struct {
		const char *message, *hash;
	} vectors[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};
	char *million = malloc(MILLION);

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		expect(vectors[i].message, strlen(vectors[i].message), vectors[i].hash);
	ck_assert_ptr_nonnull(million);
	memset(million, 'a', MILLION);
	expect(million, MILLION,
	       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}
END_TEST

/* A file for the square of each number to LENGTHS: one run of sha256sum speaks of all of them. */
static void write_files(const char *folder, const uint8_t *bytes)
{
	char path[64];

	for (size_t n = 0; n <= LENGTHS; n++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%03zu", folder, n);
		file = fopen(path, "wb");
		ck_assert_ptr_nonnull(file);
		ck_assert_uint_eq(fwrite(bytes, 1, n * n, file), n * n);
		fclose(file);
	}
}

START_TEST(sha256sum_says_the_same_of_random_bytes_of_many_lengths)
{
	static uint8_t bytes[LENGTHS * LENGTHS];
	char folder[] = "/tmp/clew-sha256-XXXXXX", command[96], line[256];
	size_t n = 0;
	FILE *sums;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = next_random();
	ck_assert_ptr_nonnull(mkdtemp(folder));
	write_files(folder, bytes);
	snprintf(command, sizeof(command), "cd %s && sha256sum *; rm -r %s", folder, folder);
	sums = popen(command, "r");
	ck_assert_ptr_nonnull(sums);
	for (; fgets(line, sizeof(line), sums); n++) {
		line[SHA256_TEXT_SIZE - 1] = 0;
		expect(bytes, n * n, line);
	}
	ck_assert_int_eq(pclose(sums), 0);
	ck_assert_uint_eq(n, LENGTHS + 1);
}
END_TEST

/* Padding takes one block up to 55 bytes, two from 56 on: around both ends of it. */
START_TEST(sha256sum_says_the_same_around_the_ends_of_blocks)
{
	uint8_t bytes[130];
	char command[512], line[256];

	for (size_t n = 50; n <= sizeof(bytes); n++) {
		size_t length;
		FILE *sum;

		for (size_t i = 0; i < n; i++)
			bytes[i] = next_random();
		length = (size_t)snprintf(command, sizeof(command), "printf '");
		for (size_t i = 0; i < n; i++) {
			bytes[i] = (uint8_t)('a' + bytes[i] % 26);
			command[length++] = (char)bytes[i];
		}
		snprintf(command + length, sizeof(command) - length, "' | sha256sum");
		sum = popen(command, "r");
		ck_assert_ptr_nonnull(sum);
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), sum));
		ck_assert_int_eq(pclose(sum), 0);
		line[SHA256_TEXT_SIZE - 1] = 0;
		expect(bytes, n, line);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sha256");
	TCase *sha256 = tcase_create("sha256");

	tcase_set_timeout(sha256, 60);
	suite_add_tcase(suite, sha256);
	tcase_add_test(sha256, the_vectors_of_the_standard_come_out);
	tcase_add_test(sha256, sha256sum_says_the_same_of_random_bytes_of_many_lengths);
	tcase_add_test(sha256, sha256sum_says_the_same_around_the_ends_of_blocks);
	return tap_run(suite);
}
