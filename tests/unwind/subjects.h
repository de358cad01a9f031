/* SPDX-License-Identifier: MIT */
/*
 * Functions to unwind, compiled as cells are, with frames of every shape; and
 * what they call, which the tests provide.
 */
#ifndef TESTS_UNWIND_SUBJECTS_H
#define TESTS_UNWIND_SUBJECTS_H

#include <stddef.h>
#include <stdint.h>

#include <clew/own.h>

OWNER(token); /* word: a number that its cleanup reports */

enum how {
	HOW_CALL,	   /* the deepest frame calls subject_stop */
	HOW_NULL,	   /* it writes to NULL */
	HOW_DIVIDE,	   /* it divides by zero */
	HOW_LEAF,	   /* it calls a function without tables, which reads NULL */
	HOW_NOWHERE,	   /* it calls a wrong address */
	HOW_NON_CANONICAL, /* it reads an address that is none */
	HOW_RETURN,	   /* nothing happens */
};

#define SUBJECT_NOWHERE 0x123400ul

/* Five frames, each with two tokens: frame n has 2n-1 and 2n. */
int subject_nested(enum how how);

/* The cleanup of the third of five tokens faults. */
int subject_faulty_cleanup(enum how how);

/* Frames of different shapes, one calling the next, the deepest calls subject_stop. */
int subject_shapes(int depth);

/* Calls itself `depth` times, a token in each frame. */
int subject_recursive(int depth, enum how how);

/* ---- provided by the tests ---- */
void token_cleanup(token *place);
void subject_stop(void);

/* leaf.S: no unwind tables. */
int leaf_without_tables(const int *address);

#endif
