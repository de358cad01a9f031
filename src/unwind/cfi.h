/* SPDX-License-Identifier: MIT */
/*
 * The table that a CFA program describes, one row of it.  Internal to
 * src/unwind.  Source: DWARF 5 section 6.4.2.
 */
#ifndef UNWIND_CFI_H
#define UNWIND_CFI_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind/fde.h"
#include "unwind/unwind.h"

#define CFI_REMEMBERED_MAX 8 /* states that a program may remember at once */
#define CFI_CUT_OFF "a CFA instruction is cut off"

enum cfa_opcode {		   /* DWARF 5 table 7.29, LSB 5 table 10-4 */
	DW_CFA_advance_loc = 0x40, /* the high two bits; the rest is an operand */
	DW_CFA_offset = 0x80,
	DW_CFA_restore = 0xc0,
	DW_CFA_nop = 0x00,
	DW_CFA_set_loc = 0x01,
	DW_CFA_advance_loc1 = 0x02,
	DW_CFA_advance_loc2 = 0x03,
	DW_CFA_advance_loc4 = 0x04,
	DW_CFA_offset_extended = 0x05,
	DW_CFA_restore_extended = 0x06,
	DW_CFA_undefined = 0x07,
	DW_CFA_same_value = 0x08,
	DW_CFA_register = 0x09,
	DW_CFA_remember_state = 0x0a,
	DW_CFA_restore_state = 0x0b,
	DW_CFA_def_cfa = 0x0c,
	DW_CFA_def_cfa_register = 0x0d,
	DW_CFA_def_cfa_offset = 0x0e,
	DW_CFA_def_cfa_expression = 0x0f,
	DW_CFA_expression = 0x10,
	DW_CFA_offset_extended_sf = 0x11,
	DW_CFA_def_cfa_sf = 0x12,
	DW_CFA_def_cfa_offset_sf = 0x13,
	DW_CFA_val_offset = 0x14,
	DW_CFA_val_offset_sf = 0x15,
	DW_CFA_val_expression = 0x16,
	DW_CFA_GNU_args_size = 0x2e,
	DW_CFA_GNU_negative_offset_extended = 0x2f,
};

enum rule_kind {
	RULE_UNSPECIFIED, /* the ABI's: the callee-saved ones keep their value */
	RULE_UNDEFINED,
	RULE_SAME,
	RULE_OFFSET,	     /* saved at CFA + value */
	RULE_VAL_OFFSET,     /* is CFA + value */
	RULE_REGISTER,	     /* is in register `value` */
	RULE_EXPRESSION,     /* saved where the expression says */
	RULE_VAL_EXPRESSION, /* is what the expression says */
};

struct rule {
	uint32_t kind;	/* enum rule_kind; of a CFA: RULE_REGISTER or RULE_VAL_EXPRESSION */
	uint32_t extra; /* expression: bytes; CFA: register */
	int64_t value;	/* offset or register; expression: its address in memory */
};

struct row {
	struct rule cfa; /* RULE_UNSPECIFIED until it is defined */
	struct rule registers[UNWIND_REGISTERS];
};

/*
 * The row for pc, which the FDE covers.  NULL, or the reason why the program
 * is malformed: then *ret is of no use.
 */
const char *cfi_row(const struct fde *fde, uint64_t pc, struct row *ret);

/* What was found right, so that its like need not be read again.  Begins as zeros. */
struct known_row {
	const uint8_t *program; /* the CIE's; NULL: none was checked */
	const uint8_t *at;	/* an FDE's of that CIE; size 0: none */
	size_t size;
	uint64_t location; /* how far that went into its function */
	uint8_t cfa;	   /* enum rule_kind: after the CIE's program */
};

/*
 * Reads all of both programs, expressions included, and looks for malformed
 * parts: what cfi_row() could stumble on for some pc.  NULL: there are none.
 */
const char *cfi_check(const struct fde *fde, struct known_row *known);

/*
 * Evaluates an expression whose first operand is `initial`, if there is one.
 * registers NULL: only checks it.  0, UNWIND_E_TRUNCATED, -EBADMSG.
 */
MUST_USE int expression_run(struct reader code, const uint64_t *registers,
			    const struct unwind_stack *stack, const uint64_t *initial,
			    uint64_t *ret);

/* A word of the stack; false: it is not one. */
bool stack_read(const struct unwind_stack *stack, uint64_t address, uint64_t *ret);

static inline struct reader rule_expression(const struct rule *rule)
{
	const uint8_t *at = (const uint8_t *)(uintptr_t)rule->value;

	return (struct reader){ .at = at, .end = at + rule->extra };
}

#endif
