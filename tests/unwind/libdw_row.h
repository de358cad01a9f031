/* SPDX-License-Identifier: MIT */
/*
 * A row of a CFA table as libdw reads it, applied to registers and memory by
 * an evaluator of its own.  Host only.
 */
#ifndef TESTS_UNWIND_LIBDW_ROW_H
#define TESTS_UNWIND_LIBDW_ROW_H

#include <elfutils/libdw.h>
#include <stdint.h>

#include "unwind/unwind.h"

struct libdw_state {
	const uint64_t *registers;	   /* by DWARF's numbers */
	const struct unwind_stack *memory; /* what may be read */
};

enum libdw_value {
	LIBDW_SAME,	 /* the caller's is the callee's */
	LIBDW_UNDEFINED, /* nobody knows the caller's */
	LIBDW_KNOWN,
	LIBDW_FAILED, /* an operation that the evaluator does not have, or a word outside memory */
};

/* LIBDW_KNOWN or LIBDW_FAILED. */
enum libdw_value libdw_cfa(Dwarf_Frame *frame, const struct libdw_state *state, uint64_t *ret);

/* *ret is written when LIBDW_KNOWN. */
enum libdw_value libdw_register(Dwarf_Frame *frame, int reg, const struct libdw_state *state,
				uint64_t cfa, uint64_t *ret);

#endif
