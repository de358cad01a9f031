/* SPDX-License-Identifier: MIT */
/* Functions to unwind, see subjects.h.  Freestanding, compiled with the flags of cells. */
#include "subjects.h"

#define FRAME __attribute__((noinline, noclone, noipa))

static FRAME int deepest(enum how how)
{
	volatile int zero = 0;
	int *volatile null = NULL;
	int (*volatile nowhere)(void) = (int (*)(void))SUBJECT_NOWHERE;
	int *volatile strange = (int *)0x8000000000000000;

	OWN(token, first) = { 9 };
	OWN(token, second) = { 10 };
	switch (how) {
	case HOW_CALL:
		subject_stop();
		return 0;
	case HOW_NULL:
		*null = 1;
		return 0;
	case HOW_DIVIDE:
		return 1 / zero;
	case HOW_LEAF:
		return leaf_without_tables(null);
	case HOW_NOWHERE:
		return nowhere();
	case HOW_NON_CANONICAL:
		return *strange;
	case HOW_RETURN:
		break;
	}
	return 5;
}

#define NESTED(name, inner, number) \
	static FRAME int name(enum how how) \
	{ \
		OWN(token, first) = { 2 * (number)-1 }; \
		OWN(token, second) = { 2 * (number) }; \
		return inner(how) + 1; \
	}

NESTED(nested_4, deepest, 4)
NESTED(nested_3, nested_4, 3)
NESTED(nested_2, nested_3, 2)
NESTED(nested_1, nested_2, 1)

int subject_nested(enum how how)
{
	return nested_1(how);
}

OWNER(bomb);

/* Reports, then faults: what follows in the frame must still be released. */
static FRAME void bomb_cleanup(bomb *place)
{
	OWN(token, inside) = { 100 };
	int *volatile null = NULL;

	*null = (int)place->word;
}

int subject_faulty_cleanup(enum how how)
{
	OWN(token, first) = { 51 };
	OWN(token, second) = { 52 };
	OWN(bomb, third) = { 1 };
	OWN(token, fourth) = { 54 };
	int *volatile null = NULL;

	if (how == HOW_NULL)
		*null = 1;
	else
		subject_stop();
	return 0;
}

static FRAME void touch(volatile void *bytes)
{
	*(volatile char *)bytes = 1;
}

static FRAME int end_of_shapes(void)
{
	subject_stop();
	return 1;
}

/* All preserved registers hold something over the call. */
static FRAME int many_registers(int a, int b, int c, int d, int e, int f)
{
	int g = a * b, h = c * d, i = e * f, j = a - f, k = b - e, l = c - d;
	int r = end_of_shapes();

	return r + a + b + c + d + e + f + g + h + i + j + k + l;
}

static FRAME int through_pointer(int (*volatile function)(int, int, int, int, int, int))
{
	return function(1, 2, 3, 4, 5, 6) + 1;
}

/* The stack is realigned, so the CFA is an expression. */
static FRAME int realigned(int depth)
{
	char block[100] __attribute__((aligned(64)));

	touch(block);
	return through_pointer(many_registers) + block[depth];
}

/* The CFA is relative to rbp. */
static FRAME int variable(int size)
{
	char *block = __builtin_alloca((size_t)size);

	touch(block);
	return realigned(size) + block[0];
}

/* Longer than a page: the stack pointer is moved and probed in a loop. */
static FRAME int large(int size)
{
	char block[20000];

	touch(block);
	return variable(size) + block[size];
}

/* Arguments on the stack. */
static FRAME int many_arguments(int a, int b, int c, int d, int e, int f, int g, int h, int i)
{
	OWN(token, one) = { 60 };
	int r = large(a + i);

	return r + b * c - d * e + f * g - h;
}

/* Realigned, of variable size, and with cleanups. */
static FRAME int everything(int depth)
{
	OWN(token, one) = { 61 };
	char block[64] __attribute__((aligned(64)));
	char *more = __builtin_alloca((size_t)depth);

	touch(block);
	touch(more);
	return many_arguments(depth, 2, 3, 4, 5, 6, 7, 8, 9) + block[depth] + more[0];
}

int subject_shapes(int depth)
{
	return everything(depth) + 1;
}

FRAME int subject_recursive(int depth, enum how how)
{
	OWN(token, one) = { (uint64_t)depth };

	if (depth == 0)
		return subject_nested(how);
	return subject_recursive(depth - 1, how) + 1;
}
