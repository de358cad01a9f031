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

/* What a CIE's program leaves, which is the same for each of its FDEs.  Begins as zeros. */
struct known_row {
	const uint8_t *program; /* the CIE's */
	struct row row;
};

/* Runs all of the program, expressions included, and looks for malformed parts. */
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
