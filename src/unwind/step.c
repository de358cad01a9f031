/* SPDX-License-Identifier: MIT */
/*
 * From a frame to its caller: applies a row of the CFA table to registers and
 * stack.  Freestanding; reads the tables that unwind_index has checked, and
 * words of the given stack.
 */
#include "unwind/cfi.h"
#include "unwind/fde.h"
#include "unwind/unwind.h"

static uint64_t lookup_pc(const struct unwind_cursor *cursor)
{
	return cursor->registers[UNWIND_RIP] - (cursor->exact ? 0 : 1);
}

static int step_leaf(struct unwind_cursor *cursor, const struct unwind_stack *stack)
{
	uint64_t rsp = cursor->registers[UNWIND_RSP], rip;

	if (rsp + 8 <= cursor->cfa || !stack_read(stack, rsp, &rip))
		return UNWIND_E_TRUNCATED;
	cursor->registers[UNWIND_RIP] = rip;
	cursor->registers[UNWIND_RSP] = rsp + 8;
	cursor->cfa = rsp + 8;
	cursor->exact = false;
	return 0;
}

static int find_cfa(const struct unwind_cursor *cursor, const struct rule *rule,
		    const struct unwind_stack *stack, uint64_t *ret)
{
	uint64_t cfa;
	int r;

	if (rule->kind == RULE_REGISTER) {
		cfa = cursor->registers[rule->extra] + (uint64_t)rule->value;
	} else {
		r = expression_run(rule_expression(rule), cursor->registers, stack, NULL, &cfa);
		if (r != 0)
			return r;
	}
	if (cfa <= cursor->cfa || cfa < cursor->registers[UNWIND_RSP] || cfa > stack->high)
		return UNWIND_E_TRUNCATED;
	*ret = cfa;
	return 0;
}

/* The caller's value of a register; *ret holds the callee's. */
static int apply(const struct rule *rule, const struct unwind_cursor *cursor,
		 const struct unwind_stack *stack, uint64_t cfa, uint64_t *ret)
{
	uint64_t value;
	int r;

	switch (rule->kind) {
	case RULE_OFFSET:
		return stack_read(stack, cfa + (uint64_t)rule->value, ret) ? 0 : UNWIND_E_TRUNCATED;
	case RULE_VAL_OFFSET:
		*ret = cfa + (uint64_t)rule->value;
		return 0;
	case RULE_REGISTER:
		*ret = cursor->registers[rule->value];
		return 0;
	case RULE_EXPRESSION:
	case RULE_VAL_EXPRESSION:
		r = expression_run(rule_expression(rule), cursor->registers, stack, &cfa, &value);
		if (r != 0)
			return r;
		if (rule->kind == RULE_EXPRESSION)
			return stack_read(stack, value, ret) ? 0 : UNWIND_E_TRUNCATED;
		*ret = value;
		return 0;
	default: /* undefined or unchanged: what is there is as good as any other value */
		return 0;
	}
}

static int step_row(struct unwind_cursor *cursor, const struct row *row, bool signal_frame,
		    const struct unwind_stack *stack)
{
	struct unwind_cursor next = *cursor;
	int r;

	if (row->registers[UNWIND_RIP].kind == RULE_UNDEFINED)
		return UNWIND_E_END;
	if (row->registers[UNWIND_RIP].kind <= RULE_SAME)
		return UNWIND_E_TRUNCATED;
	r = find_cfa(cursor, &row->cfa, stack, &next.cfa);
	if (r != 0)
		return r;
	next.registers[UNWIND_RSP] = next.cfa;
	for (unsigned int i = 0; i < UNWIND_REGISTERS; i++) {
		r = apply(&row->registers[i], cursor, stack, next.cfa, &next.registers[i]);
		if (r != 0)
			return r;
	}
	next.exact = signal_frame;
	*cursor = next;
	return 0;
}

int unwind_step(struct unwind_cursor *cursor, const struct unwind_entry *entry,
		const struct unwind_stack *stack)
{
	__attribute__((uninitialized)) struct known_cie cie;
	__attribute__((uninitialized)) struct row row;
	struct fde fde;

	if (!entry)
		return step_leaf(cursor, stack);
	if (fde_of_entry(entry->fde, &cie, &fde) || cfi_row(&fde, lookup_pc(cursor), &row))
		return -EBADMSG;
	return step_row(cursor, &row, fde.cie->signal_frame, stack);
}

bool unwind_is_signal_frame(const struct unwind_entry *entry)
{
	__attribute__((uninitialized)) struct known_cie cie;
	struct fde fde;

	return entry && !fde_of_entry(entry->fde, &cie, &fde) && fde.cie->signal_frame;
}
