/* SPDX-License-Identifier: MIT */
/*
 * DWARF call frame information: from one frame to its caller, and to the
 * landing pad of a frame.
 *
 * Freestanding, no allocation, no lock, cannot fault and cannot loop: tables
 * are checked once when a version is loaded (unwind_index), stack words are
 * read only inside the given stack, and every step must move the CFA up.
 * Sources: DWARF 5 section 6.4, LSB .eh_frame, Itanium C++ ABI (LSDA), psABI.
 */
#ifndef UNWIND_UNWIND_H
#define UNWIND_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/diag.h>
#include <clew/errors.h>

/* psABI figure 3.36: DWARF register numbers, also the indices below. */
enum unwind_register {
	UNWIND_RAX,
	UNWIND_RDX,
	UNWIND_RCX,
	UNWIND_RBX,
	UNWIND_RSI,
	UNWIND_RDI,
	UNWIND_RBP,
	UNWIND_RSP,
	UNWIND_R8,
	UNWIND_R9,
	UNWIND_R10,
	UNWIND_R11,
	UNWIND_R12,
	UNWIND_R13,
	UNWIND_R14,
	UNWIND_R15,
	UNWIND_RIP,
	UNWIND_REGISTERS,
};

struct unwind_cursor {
	uint64_t registers[UNWIND_REGISTERS]; /* [UNWIND_RIP]: where this frame is */
	uint64_t cfa; /* of the frame stepped out of, 0 before the first step */
	bool exact;   /* RIP is the faulting instruction; false: a return address */
};

/* Words of memory that may be read: the stack. */
struct unwind_stack {
	uintptr_t low, high; /* high is one past */
};

/* An FDE, found by address. */
struct unwind_entry {
	uint64_t start, size; /* of the code, absolute */
	uint64_t fde;	      /* absolute address of its length field */
	uint64_t lsda;	      /* absolute, 0: none */
};

/*
 * Reads a relocated .eh_frame (at its final address `at`, contents in
 * `bytes`) and writes its FDEs to entries, sorted by start.  All that
 * unwind_step will later read is checked here against the section, the LSDA
 * pointers against [lsda_low, lsda_high).  entries NULL: only counts, and
 * leaves the CFA programs unchecked.  Empty functions have no entry.
 * -EBADMSG: malformed, *reterr says where; -ENOSPC: more than max.
 */
MUST_USE int unwind_index(const void *bytes, size_t size, uint64_t at, uint64_t lsda_low,
			  uint64_t lsda_high, struct unwind_entry *entries, size_t max,
			  size_t *ret_count, struct diag *reterr);

/* At least the entries that unwind_index will make of it, whatever is in it. */
size_t unwind_index_max(const void *bytes, size_t size);

/* NULL: no entry covers the address. */
const struct unwind_entry *unwind_find(const struct unwind_entry *entries, size_t count,
				       uint64_t pc);

enum {
	UNWIND_E_END = 1,	/* outermost frame: its return address is undefined */
	UNWIND_E_TRUNCATED = 2, /* a word outside the stack, or a CFA that does not grow */
};

/*
 * Steps to the caller.  entry NULL: a leaf without tables, [rsp] is the
 * return address.  The cursor is untouched unless 0 is returned.
 * -EBADMSG: an instruction that unwind_index would have refused.
 */
MUST_USE int unwind_step(struct unwind_cursor *cursor, const struct unwind_entry *entry,
			 const struct unwind_stack *stack);

/*
 * A row of the form that nearly all rows of compiled code have, so that its
 * program need not run again: the CFA is a register and an offset, registers
 * lie at fixed offsets from it or are kept.  Holds no address.
 */
#define UNWIND_PLAIN_MAX 8
struct unwind_plain {
	int32_t cfa_offset;
	uint8_t cfa_register;
	uint8_t count;
	bool signal_frame;
	bool outermost;			   /* then only this counts */
	uint8_t saved[UNWIND_PLAIN_MAX];   /* registers */
	int16_t offsets[UNWIND_PLAIN_MAX]; /* of the words they are saved in, from the CFA */
};

/* The row for where the cursor is, which the entry covers; false: it has another form. */
bool unwind_plain_of(const struct unwind_cursor *cursor, const struct unwind_entry *entry,
		     struct unwind_plain *ret);
/* What unwind_step() does with the entry, at any cursor where the row holds. */
MUST_USE int unwind_step_plain(struct unwind_cursor *cursor, const struct unwind_plain *plain,
			       const struct unwind_stack *stack);

/*
 * The landing pad of the frame the cursor is in; 0 in *ret: it has none for
 * this address.  -EBADMSG: malformed LSDA.
 */
MUST_USE int unwind_landing_pad(const struct unwind_cursor *cursor,
				const struct unwind_entry *entry, uint64_t *ret);

/*
 * Checks that unwind_landing_pad cannot leave the tables: every LSDA of the
 * entries, and their FDEs, lie in [at, at + size), whose contents are `bytes`.
 * -EBADMSG: malformed, *reterr says where, offset into the bytes.
 */
MUST_USE int unwind_check_lsdas(const void *bytes, size_t size, uint64_t at,
				const struct unwind_entry *entries, size_t count,
				struct diag *reterr);

/* Is the frame a signal frame ('S' augmentation)? */
bool unwind_is_signal_frame(const struct unwind_entry *entry);

#endif
