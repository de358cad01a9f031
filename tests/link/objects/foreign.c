/* SPDX-License-Identifier: MIT */
/*
 * C that makes a compiler use every kind of reference it knows; not a program.
 * Compiled with the flags of several code models.
 */
typedef int operation(int);

extern int outer_function(int a);
extern int outer_value;
extern operation *outer_operation;
extern int outer_optional(int a) __attribute__((weak));

int foreign_common[4];
int foreign_value = 3;
static long foreign_zeroes[16];
static const char *const names[] = { "zero", "one", "two", "three" };

int foreign_add(int a);
int foreign_twice(int a);
int foreign_switch(int a);
int foreign_labels(int a);
int foreign_addresses(operation **into);
double foreign_scale(double a);
const char *foreign_name(int a);
operation *foreign_self(operation **place);

static __attribute__((noinline)) int hidden(int a)
{
	return a + foreign_value + (int)foreign_zeroes[a & 15];
}

int foreign_add(int a)
{
	return hidden(a) + outer_function(a) + outer_value + foreign_common[a & 3]++;
}

int foreign_twice(int a)
{
	return outer_optional ? outer_optional(a) : foreign_add(a);
}

static operation *const table[] = { foreign_add, foreign_twice, hidden, outer_function };
static operation *writable[] = { hidden, foreign_add };

int foreign_switch(int a)
{
	switch (a) {
	case 0:
		return table[1](a);
	case 1:
		return writable[0](a);
	case 2:
		return outer_operation(a);
	case 3:
		return hidden(a * 3);
	case 4:
		return foreign_add(7);
	case 5:
		return outer_function(8) - 1;
	default:
		return (int)++foreign_zeroes[a & 15];
	}
}

int foreign_labels(int a)
{
	static const void *const labels[] = { &&first, &&second, &&third };

	goto *labels[a % 3u];
first:
	return outer_function(1);
second:
	return hidden(2);
third:
	return foreign_add(3);
}

int foreign_addresses(operation **into)
{
	into[0] = hidden;
	into[1] = outer_function;
	into[2] = foreign_add;
	return into[3] == outer_function;
}

operation *foreign_self(operation **place)
{
	*place = (operation *)(void *)foreign_self;
	return *place;
}

double foreign_scale(double a)
{
	return a * 1.5 + (outer_value ? 0.25 : 1e9);
}

const char *foreign_name(int a)
{
	return names[a & 3];
}
