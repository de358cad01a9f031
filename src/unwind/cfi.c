/* SPDX-License-Identifier: MIT */
/*
 * Interpreter of CFA programs, see cfi.h.  Freestanding.
 *
 * A program has no backward jump and every instruction takes at least a byte,
 * so it ends; its reader cannot leave it.
 */
#include "unwind/cfi.h"

#include "base/string.h"

struct interpreter {
	const struct fde *fde;
	struct reader program;
	uint64_t location;	   /* where the row begins */
	const struct row *initial; /* after the CIE's program; NULL while it runs */
	struct row *row;
	uint32_t remembered;
	struct row *stack; /* CFI_REMEMBERED_MAX rows */
};

static const char *set_rule(struct interpreter *in, uint64_t reg, enum rule_kind kind,
			    int64_t value)
{
	/* Columns above RIP are vector and segment registers: no caller's frame needs them. */
	if (reg < UNWIND_REGISTERS)
		in->row->registers[reg] = (struct rule){ .kind = kind, .value = value };
	return NULL;
}

/* Factored offsets wrap instead of overflowing: a wrong one is outside the stack. */
static int64_t factored(const struct interpreter *in, uint64_t operand)
{
	return (int64_t)(operand * (uint64_t)in->fde->cie->data_align);
}

static const char *restore_rule(struct interpreter *in, uint64_t reg)
{
	if (!in->initial)
		return "DW_CFA_restore in a CIE";
	if (reg < UNWIND_REGISTERS)
		in->row->registers[reg] = in->initial->registers[reg];
	return NULL;
}

static const char *set_cfa(struct interpreter *in, uint64_t reg, int64_t offset)
{
	if (reg >= UNWIND_RIP)
		return "the CFA is relative to an unknown register";
	in->row->cfa =
		(struct rule){ .kind = RULE_REGISTER, .extra = (uint32_t)reg, .value = offset };
	return NULL;
}

static const char *change_cfa(struct interpreter *in, uint64_t opcode)
{
	struct reader *program = &in->program;
	uint64_t reg = in->row->cfa.extra;

	if (opcode == DW_CFA_def_cfa) {
		reg = reader_uleb(program);
		return set_cfa(in, reg, (int64_t)reader_uleb(program));
	}
	if (opcode == DW_CFA_def_cfa_sf) {
		reg = reader_uleb(program);
		return set_cfa(in, reg, factored(in, (uint64_t)reader_sleb(program)));
	}
	if (in->row->cfa.kind != RULE_REGISTER)
		return "a change to a CFA that is no register and offset";
	if (opcode == DW_CFA_def_cfa_register)
		return set_cfa(in, reader_uleb(program), in->row->cfa.value);
	if (opcode == DW_CFA_def_cfa_offset)
		return set_cfa(in, reg, (int64_t)reader_uleb(program));
	return set_cfa(in, reg, factored(in, (uint64_t)reader_sleb(program)));
}

static const char *set_expression(struct interpreter *in, struct rule *rule, enum rule_kind kind)
{
	struct reader code = reader_block(&in->program, reader_uleb(&in->program));

	if (code.bad)
		return CFI_CUT_OFF;
	*rule = (struct rule){ .kind = kind,
			       .extra = (uint32_t)reader_left(&code),
			       .value = (int64_t)(uintptr_t)code.at };
	return NULL;
}

static const char *set_register_expression(struct interpreter *in, enum rule_kind kind)
{
	uint64_t reg = reader_uleb(&in->program);
	struct rule ignored;

	return set_expression(in, reg < UNWIND_REGISTERS ? &in->row->registers[reg] : &ignored,
			      kind);
}

static const char *remember(struct interpreter *in)
{
	if (in->remembered == CFI_REMEMBERED_MAX)
		return "too many remembered states";
	in->stack[in->remembered++] = *in->row;
	return NULL;
}

static const char *recall(struct interpreter *in)
{
	if (in->remembered == 0)
		return "DW_CFA_restore_state without a remembered state";
	*in->row = in->stack[--in->remembered];
	return NULL;
}

static const char *set_register(struct interpreter *in, uint64_t reg, uint64_t other)
{
	if (other >= UNWIND_REGISTERS)
		return "a value is kept in an unknown register";
	return set_rule(in, reg, RULE_REGISTER, (int64_t)other);
}

/* A switch over table 7.29: those instructions that do not move the location. */
static const char *execute(struct interpreter *in, uint8_t opcode)
{
	struct reader *program = &in->program;
	uint64_t reg;

	switch (opcode) {
	case DW_CFA_nop:
		return NULL;
	case DW_CFA_GNU_args_size: /* what a cleanup pops: landing pads of C do not ask */
		(void)reader_uleb(program);
		return NULL;
	case DW_CFA_remember_state:
		return remember(in);
	case DW_CFA_restore_state:
		return recall(in);
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
		return change_cfa(in, opcode);
	case DW_CFA_def_cfa_expression:
		return set_expression(in, &in->row->cfa, RULE_VAL_EXPRESSION);
	case DW_CFA_expression:
		return set_register_expression(in, RULE_EXPRESSION);
	case DW_CFA_val_expression:
		return set_register_expression(in, RULE_VAL_EXPRESSION);
	default:
		break;
	}
	reg = reader_uleb(program);
	switch (opcode) {
	case DW_CFA_offset_extended:
		return set_rule(in, reg, RULE_OFFSET, factored(in, reader_uleb(program)));
	case DW_CFA_offset_extended_sf:
		return set_rule(in, reg, RULE_OFFSET, factored(in, (uint64_t)reader_sleb(program)));
	case DW_CFA_GNU_negative_offset_extended:
		return set_rule(in, reg, RULE_OFFSET, factored(in, -reader_uleb(program)));
	case DW_CFA_val_offset:
		return set_rule(in, reg, RULE_VAL_OFFSET, factored(in, reader_uleb(program)));
	case DW_CFA_val_offset_sf:
		return set_rule(in, reg, RULE_VAL_OFFSET,
				factored(in, (uint64_t)reader_sleb(program)));
	case DW_CFA_restore_extended:
		return restore_rule(in, reg);
	case DW_CFA_undefined:
		return set_rule(in, reg, RULE_UNDEFINED, 0);
	case DW_CFA_same_value:
		return set_rule(in, reg, RULE_SAME, 0);
	case DW_CFA_register:
		return set_register(in, reg, reader_uleb(program));
	default:
		return "unknown CFA instruction";
	}
}

/* true: the opcode moves the location, to *ret. */
static bool read_location(struct interpreter *in, uint8_t opcode, uint64_t *ret)
{
	struct reader *program = &in->program;
	uint64_t units;

	if ((opcode & 0xc0) == DW_CFA_advance_loc)
		units = opcode & 0x3f;
	else if (opcode == DW_CFA_advance_loc1)
		units = reader_unsigned(program, 1);
	else if (opcode == DW_CFA_advance_loc2)
		units = reader_unsigned(program, 2);
	else if (opcode == DW_CFA_advance_loc4)
		units = reader_unsigned(program, 4);
	else if (opcode == DW_CFA_set_loc)
		units = 0;
	else
		return false;
	if (opcode == DW_CFA_set_loc)
		*ret = reader_pointer(program, in->fde->cie->fde_encoding);
	else if (__builtin_mul_overflow(units, in->fde->cie->code_align, &units) ||
		 __builtin_add_overflow(in->location, units, ret))
		*ret = UINT64_MAX;
	return true;
}

static const char *check_row(const struct interpreter *in)
{
	return in->row->cfa.kind == RULE_UNSPECIFIED ? "a row without a CFA" : NULL;
}

/* A row ends at `next`; *ret_found: it is the one for pc. */
static const char *advance(struct interpreter *in, uint64_t next, uint64_t pc, bool *ret_found)
{
	if (!in->initial)
		return "a CIE moves the location";
	if (in->program.bad)
		return CFI_CUT_OFF;
	if (next < in->location || next - in->fde->start > in->fde->size)
		return "a row outside its function";
	*ret_found = pc < next;
	in->location = next;
	return NULL;
}

static const char *run(struct interpreter *in, struct reader program, uint64_t pc)
{
	const char *why = NULL;
	bool found = false;

	in->program = program;
	while (!why && in->program.at < in->program.end) {
		uint8_t opcode = *in->program.at++;
		uint64_t next, reg = opcode & 0x3f;

		if (opcode == DW_CFA_nop) /* padding: each record has some */
			continue;
		if ((opcode & 0xc0) == DW_CFA_offset)
			why = set_rule(in, reg, RULE_OFFSET,
				       factored(in, reader_uleb(&in->program)));
		else if ((opcode & 0xc0) == DW_CFA_restore)
			why = restore_rule(in, reg);
		else if (!read_location(in, opcode, &next))
			why = execute(in, opcode);
		else
			why = advance(in, next, pc, &found);
		if (found)
			return why;
	}
	if (!why && in->program.bad)
		why = CFI_CUT_OFF;
	return why;
}

/* On failure *ret is of no use. */
const char *cfi_row(const struct fde *fde, uint64_t pc, struct row *ret)
{
	__attribute__((uninitialized)) struct row stack[CFI_REMEMBERED_MAX];
	__attribute__((uninitialized)) struct row initial;
	struct interpreter in = { .fde = fde, .location = fde->start, .row = ret, .stack = stack };
	const char *why;

	memset(ret, 0, sizeof(*ret));
	why = run(&in, fde->cie->program, UINT64_MAX);
	if (why)
		return why;
	initial = *ret;
	in.initial = &initial;
	in.remembered = 0;
	why = run(&in, fde->program, pc);
	return why ? why : check_row(&in);
}
