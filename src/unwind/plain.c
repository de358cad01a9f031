/* SPDX-License-Identifier: MIT */
/*
 * Rows of the common form, taken out of their programs once and applied often.
 * Freestanding; reads words of the given stack.
 */
#include "unwind/cfi.h"
#include "unwind/fde.h"
#include "unwind/unwind.h"

static bool keeps(const struct rule *rule)
{
	return rule->kind == RULE_UNSPECIFIED || rule->kind == RULE_UNDEFINED ||
	       rule->kind == RULE_SAME;
}

static bool add_saved(struct unwind_plain *plain, unsigned int reg, const struct rule *rule)
{
	if (rule->kind != RULE_OFFSET || plain->count == UNWIND_PLAIN_MAX ||
	    rule->value < INT16_MIN || rule->value > INT16_MAX)
		return false;
	plain->saved[plain->count] = (uint8_t)reg;
	plain->offsets[plain->count] = (int16_t)rule->value;
	plain->count++;
	return true;
}

static bool take_row(const struct row *row, struct unwind_plain *plain)
{
	const struct rule *rip = &row->registers[UNWIND_RIP];

	plain->outermost = rip->kind == RULE_UNDEFINED;
	if (plain->outermost)
		return true;
	if (rip->kind != RULE_OFFSET || row->cfa.kind != RULE_REGISTER ||
	    row->cfa.value < INT32_MIN || row->cfa.value > INT32_MAX)
		return false;
	plain->cfa_register = (uint8_t)row->cfa.extra;
	plain->cfa_offset = (int32_t)row->cfa.value;
	for (unsigned int i = 0; i < UNWIND_REGISTERS; i++) {
		if (!keeps(&row->registers[i]) && !add_saved(plain, i, &row->registers[i]))
			return false;
	}
	return true;
}

bool unwind_plain_of(const struct unwind_cursor *cursor, const struct unwind_entry *entry,
		     struct unwind_plain *ret)
{
	uint64_t pc = cursor->registers[UNWIND_RIP] - (cursor->exact ? 0 : 1);
	struct unwind_plain plain = { 0 };
	__attribute__((uninitialized)) struct known_cie cie;
	__attribute__((uninitialized)) struct row row;
	struct fde fde;

	if (fde_of_entry(entry->fde, &cie, &fde) || cfi_row(&fde, pc, &row) ||
	    !take_row(&row, &plain))
		return false;
	plain.signal_frame = fde.cie->signal_frame;
	*ret = plain;
	return true;
}

int unwind_step_plain(struct unwind_cursor *cursor, const struct unwind_plain *plain,
		      const struct unwind_stack *stack)
{
	__attribute__((uninitialized)) uint64_t words[UNWIND_PLAIN_MAX];
	uint64_t cfa;

	if (plain->outermost)
		return UNWIND_E_END;
	cfa = cursor->registers[plain->cfa_register] + (uint64_t)(int64_t)plain->cfa_offset;
	if (cfa <= cursor->cfa || cfa < cursor->registers[UNWIND_RSP] || cfa > stack->high)
		return UNWIND_E_TRUNCATED;
	for (unsigned int i = 0; i < plain->count; i++) {
		if (!stack_read(stack, cfa + (uint64_t)(int64_t)plain->offsets[i], &words[i]))
			return UNWIND_E_TRUNCATED;
	}
	cursor->registers[UNWIND_RSP] = cfa;
	for (unsigned int i = 0; i < plain->count; i++)
		cursor->registers[plain->saved[i]] = words[i];
	cursor->cfa = cfa;
	cursor->exact = plain->signal_frame;
	return 0;
}
