/* SPDX-License-Identifier: MIT */
/*
 * Counted time.  SplitMix64's values: for 1234567 those of Rosetta Code's task
 * "Pseudo-random numbers/Splitmix64", for 0 those that implementations of
 * xoshiro are tested with, for others the definition, computed here.
 */
#include "machine/seed.h"
#include "tap.h"

/* Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014; as a function of n. */
static uint64_t splitmix64(uint64_t start, uint64_t n)
{
	uint64_t z = start + n * 0x9e3779b97f4a7c15;

	z ^= z >> 30;
	z *= 0xbf58476d1ce4e5b9;
	z ^= z >> 27;
	z *= 0x94d049bb133111eb;
	z ^= z >> 31;
	return z;
}

START_TEST(entropy_is_splitmix64_of_the_number)
{
	static const uint64_t published[] = {
		6457827717110365317u, 3203168211198807973u,  9817491932198370423u,
		4593380528125082431u, 16408922859458223821u,
	};
	struct seed seed;

	seed_init(&seed, 1234567);
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(seed_entropy(&seed), published[i]);
}
END_TEST

START_TEST(entropy_of_0_and_of_the_largest_number)
{
	struct seed seed;

	seed_init(&seed, 0);
	ck_assert_uint_eq(seed_entropy(&seed), 0xe220a8397b1dcdaf);
	ck_assert_uint_eq(seed_entropy(&seed), 0x6e789e6aa1b965f4);
	seed_init(&seed, UINT64_MAX);
	for (uint64_t n = 1; n < 100; n++)
		ck_assert_uint_eq(seed_entropy(&seed), splitmix64(UINT64_MAX, n));
}
END_TEST

START_TEST(a_step_is_a_microsecond_and_up_to_1023_ns_of_the_inverted_number)
{
	struct seed seed;
	uint64_t now_ns = 0;

	seed_init(&seed, 42);
	ck_assert_uint_eq(seed.now_ns, 0);
	for (uint64_t n = 1; n < 1000; n++) {
		now_ns += 1000 + splitmix64(~42ull, n) % 1024;
		seed_step(&seed);
		ck_assert_uint_eq(seed.now_ns, now_ns);
	}
}
END_TEST

START_TEST(entropy_does_not_move_the_clock_nor_steps_entropy)
{
	struct seed one, other;

	seed_init(&one, 7);
	seed_init(&other, 7);
	for (int i = 0; i < 100; i++) {
		seed_step(&one);
		seed_entropy(&other);
		seed_entropy(&other);
	}
	ck_assert_uint_eq(other.now_ns, 0);
	for (int i = 0; i < 200; i++)
		seed_entropy(&one);
	for (int i = 0; i < 100; i++)
		seed_step(&other);
	ck_assert_uint_eq(one.now_ns, other.now_ns);
	ck_assert_uint_eq(seed_entropy(&one), seed_entropy(&other));
}
END_TEST

START_TEST(another_number_gives_another_time)
{
	struct seed one, other;

	seed_init(&one, 1);
	seed_init(&other, 2);
	seed_step(&one);
	seed_step(&other);
	ck_assert_uint_ne(one.now_ns, other.now_ns);
	ck_assert_uint_ne(seed_entropy(&one), seed_entropy(&other));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("seed");
	TCase *seed = tcase_create("seed");

	suite_add_tcase(suite, seed);
	tcase_add_test(seed, entropy_is_splitmix64_of_the_number);
	tcase_add_test(seed, entropy_of_0_and_of_the_largest_number);
	tcase_add_test(seed, a_step_is_a_microsecond_and_up_to_1023_ns_of_the_inverted_number);
	tcase_add_test(seed, entropy_does_not_move_the_clock_nor_steps_entropy);
	tcase_add_test(seed, another_number_gives_another_time);
	return tap_run(suite);
}
