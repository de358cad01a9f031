/* SPDX-License-Identifier: MIT */
/*
 * The good object that make_bad_objects.py breaks.  A foreign object for Clew:
 * it needs nobody and can be loaded.  Not a program; compiled like a cell.
 * The script knows the names of its functions and objects.
 */
#define EXPORT __attribute__((visibility("default"), noinline))

typedef int (*good_operation)(int, int);

int good_add(int a, int b);
int good_subtract(int a, int b);
int good_twice(int a);
int good_next(void);
const char *good_name(int i);
int good_apply(int i, int a, int b);
int good_optional(int a) __attribute__((weak));
int good_maybe(int a);

int good_counter = 41;
int good_history[16];

EXPORT int good_add(int a, int b)
{
	return a + b;
}

EXPORT int good_subtract(int a, int b)
{
	return a - b;
}

static const good_operation good_table[] = { good_add, good_subtract };

EXPORT int good_apply(int i, int a, int b)
{
	return good_table[i & 1](a, b);
}

EXPORT int good_twice(int a)
{
	return good_add(a, a) + 1;
}

EXPORT int good_next(void)
{
	good_history[good_counter & 15] = good_counter;
	return good_counter++;
}

EXPORT const char *good_name(int i)
{
	return i ? "subtract" : "add";
}

EXPORT int good_maybe(int a)
{
	return good_optional ? good_optional(a) : a;
}
