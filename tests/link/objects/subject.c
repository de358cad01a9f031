/* SPDX-License-Identifier: MIT */
/* A well formed object that test_layout.c changes a field of.  Compiled with -fcommon. */
extern int other_function(int a);

struct subject_state {
	long words[4];
};

__attribute__((used)) struct subject_state subject_state = { { 1, 2, 3, 4 } };
int subject_common;
long subject_second_common;
int subject_data = 7;
__attribute__((nocommon)) int subject_zeroes[8];
const char subject_constant[] = "constant";

int subject_function(int a);
int subject_other(int a);

int subject_function(int a)
{
	return other_function(a) + subject_common + subject_data;
}

int subject_other(int a)
{
	return subject_function(a) + subject_zeroes[a & 7] + subject_constant[a & 7];
}
