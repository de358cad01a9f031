/* SPDX-License-Identifier: MIT */
/* What test_bind.c links and calls: code, a constant, data and zeroes, and two undefined symbols.
 */
int bound_entry(int a);
extern int bound_strong(int a);
extern int bound_weak(int a) __attribute__((weak));

const int bound_constants[2000] = { [1999] = 1000 };
int bound_data[3] = { 10, 20, 30 };
int bound_zeroes[5000];
int (*bound_pointer)(int a) = bound_strong;

int bound_entry(int a)
{
	bound_zeroes[4999] += bound_data[2];
	if (bound_weak)
		return bound_weak(a);
	return bound_strong(a) + bound_pointer(a) + bound_zeroes[4999] +
	       bound_constants[1999 + bound_zeroes[0]];
}
