/* SPDX-License-Identifier: MIT */
/*
 * One step of src/unwind beside libdw, libunwind and libgcc, at one address of
 * an object that object_load() brought in; and where these differ, who is
 * right.  Registers and stack are made up.  Host only.
 */
#ifndef TESTS_UNWIND_AGREEMENT_H
#define TESTS_UNWIND_AGREEMENT_H

#include <elfutils/libdw.h>

#include "object.h"

/* What witnesses are known to say differently, each with who is right. */
enum difference {
	DIFFERENCE_VECTOR_COLUMN,
	DIFFERENCE_VAL_OFFSET,
	DIFFERENCE_UNDEFINED_RBP,
	DIFFERENCE_STACK_POINTER,
	DIFFERENCE_EMPTY_FUNCTION,
	DIFFERENCE_CFA_REGISTER,
	N_DIFFERENCES,
};

struct agreement {
	long places, pads, ends;
	long plain;    /* places whose row unwind_plain_of() takes */
	long failures; /* differences that are not known */
	long differences[N_DIFFERENCES];
};

/* The one agreement of the process. */
extern struct agreement agreement;

/* A sentence: which witness, who is right, by which clause. */
const char *agreement_difference(enum difference difference);

/* Finds the witnesses; exits when one is missing. */
void agreement_open(void);

/* Prints the first twenty, counts all. */
__attribute__((format(printf, 3, 4))) void agreement_fail(const struct object *object, uint64_t pc,
							  const char *format, ...);

/* The object's tables become the witnesses' until agreement_end(); borrows the CFI. */
void agreement_begin(const struct object *object, Dwarf_CFI *cfi);
void agreement_end(const struct object *object);

/*
 * Compares at pc, which lies in the row `frame` of libdw's and in the entry's
 * function: callee's CFA, caller's RIP, RSP and preserved registers, the
 * function's start and LSDA, and the landing pad.
 */
void agreement_compare(const struct object *object, const struct unwind_entry *entry,
		       Dwarf_Frame *frame, uint64_t pc);

#endif
