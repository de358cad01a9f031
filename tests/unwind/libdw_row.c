/* SPDX-License-Identifier: MIT */
/* A row of a CFA table as libdw reads it, see libdw_row.h. */
#include "libdw_row.h"

#include <dwarf.h>
#include <stdbool.h>

#define VALUES_MAX 16

struct values {
	uint64_t items[VALUES_MAX];
	int count;
	bool failed;
	const struct unwind_stack *memory;
};

static uint64_t value_pop(struct values *values)
{
	if (values->count == 0) {
		values->failed = true;
		return 0;
	}
	return values->items[--values->count];
}

static void value_push(struct values *values, uint64_t value)
{
	if (values->count == VALUES_MAX)
		values->failed = true;
	else
		values->items[values->count++] = value;
}

/* DWARF 5 section 2.5.1.4 and 2.5.1.5; those without a result are none. */
static void evaluate_binary(struct values *values, uint8_t atom)
{
	uint64_t b = value_pop(values), a = value_pop(values);

	switch (atom) {
	case DW_OP_plus:
		return value_push(values, a + b);
	case DW_OP_minus:
		return value_push(values, a - b);
	case DW_OP_mul:
		return value_push(values, a * b);
	case DW_OP_and:
		return value_push(values, a & b);
	case DW_OP_or:
		return value_push(values, a | b);
	case DW_OP_xor:
		return value_push(values, a ^ b);
	case DW_OP_shl:
		return value_push(values, a << b);
	case DW_OP_shr:
		return value_push(values, a >> b);
	case DW_OP_ge:
		return value_push(values, (int64_t)a >= (int64_t)b);
	case DW_OP_lt:
		return value_push(values, (int64_t)a < (int64_t)b);
	default:
		values->failed = true;
	}
}

static void evaluate_unary(struct values *values, const Dwarf_Op *op)
{
	uint64_t a = value_pop(values);

	switch (op->atom) {
	case DW_OP_plus_uconst:
		return value_push(values, a + op->number);
	case DW_OP_not:
		return value_push(values, ~a);
	case DW_OP_neg:
		return value_push(values, -a);
	case DW_OP_drop:
		return;
	case DW_OP_dup:
		value_push(values, a);
		return value_push(values, a);
	default:
		value_push(values, a);
		evaluate_binary(values, op->atom);
	}
}

static void dereference(struct values *values)
{
	uint64_t address = value_pop(values);

	if (address < values->memory->low || address > values->memory->high - 8)
		values->failed = true;
	else
		value_push(values, *(const uint64_t *)address);
}

static void evaluate_one(struct values *values, const Dwarf_Op *op, const uint64_t *registers,
			 uint64_t cfa)
{
	uint8_t atom = op->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		value_push(values, atom - DW_OP_lit0);
	else if (atom >= DW_OP_const1u && atom <= DW_OP_consts)
		value_push(values, op->number);
	else if (atom >= DW_OP_breg0 && atom <= DW_OP_breg16)
		value_push(values, registers[atom - DW_OP_breg0] + op->number);
	else if (atom == DW_OP_bregx)
		value_push(values, registers[op->number] + op->number2);
	else if (atom == DW_OP_call_frame_cfa)
		value_push(values, cfa);
	else if (atom == DW_OP_deref)
		dereference(values);
	else if (atom != DW_OP_stack_value)
		evaluate_unary(values, op);
}

static enum libdw_value evaluate(const Dwarf_Op *ops, size_t n, const struct libdw_state *state,
				 uint64_t cfa, uint64_t *ret)
{
	struct values values = { .memory = state->memory };
	uint64_t value;

	for (size_t i = 0; i < n && !values.failed; i++)
		evaluate_one(&values, &ops[i], state->registers, cfa);
	value = value_pop(&values);
	if (values.failed)
		return LIBDW_FAILED;
	*ret = value;
	return LIBDW_KNOWN;
}

enum libdw_value libdw_cfa(Dwarf_Frame *frame, const struct libdw_state *state, uint64_t *ret)
{
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_frame_cfa(frame, &ops, &n) != 0)
		return LIBDW_FAILED;
	return evaluate(ops, n, state, 0, ret);
}

enum libdw_value libdw_register(Dwarf_Frame *frame, int reg, const struct libdw_state *state,
				uint64_t cfa, uint64_t *ret)
{
	static const Dwarf_Op deref = { .atom = DW_OP_deref };
	struct values values = { .memory = state->memory };
	Dwarf_Op mem[3], *ops;
	uint64_t value;
	size_t n;

	if (dwarf_frame_register(frame, reg, mem, &ops, &n) != 0)
		return LIBDW_FAILED;
	if (n == 0)
		return ops == mem ? LIBDW_UNDEFINED : LIBDW_SAME;
	if (ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg16)
		value = state->registers[ops[0].atom - DW_OP_reg0];
	else if (ops[0].atom == DW_OP_regx && ops[0].number < UNWIND_REGISTERS)
		value = state->registers[ops[0].number];
	else {
		if (evaluate(ops, n, state, cfa, &value) != LIBDW_KNOWN)
			return LIBDW_FAILED;
		value_push(&values, value);
		if (ops[n - 1].atom != DW_OP_stack_value)
			evaluate_one(&values, &deref, state->registers, cfa);
		if (values.failed)
			return LIBDW_FAILED;
		value = value_pop(&values);
	}
	*ret = value;
	return LIBDW_KNOWN;
}
