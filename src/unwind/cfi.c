/* SPDX-License-Identifier: MIT */
/*
 * Interpreter of CFA programs, see cfi.h.  Freestanding.
 *
 * A program has no backward jump and every instruction takes at least a byte,
 * so it ends; its reader cannot leave it.
 */
#include "unwind/cfi.h"

#include "base/string.h"

#define REMEMBERED_MAX 8

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

struct interpreter {
	const struct fde *fde;
	struct reader program;
	uint64_t location;	   /* where the row begins */
	const struct row *initial; /* after the CIE's program; NULL while it runs */
	struct row *row;
	bool check; /* every row and expression is to be checked */
	uint32_t remembered;
	struct row *stack; /* REMEMBERED_MAX rows */
};

static const char malformed_operand[] = "a CFA instruction is cut off";

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
	return (int64_t)(operand * (uint64_t)in->fde->cie.data_align);
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
	static const uint64_t cfa;
	struct reader code = reader_block(&in->program, reader_uleb(&in->program));
	bool is_cfa = rule == &in->row->cfa;
	uint64_t value;

	if (code.bad)
		return malformed_operand;
	if (in->check && expression_run(code, NULL, NULL, is_cfa ? NULL : &cfa, &value) != 0)
		return "a malformed expression";
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
	if (in->remembered == REMEMBERED_MAX)
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
		*ret = reader_pointer(program, in->fde->cie.fde_encoding);
	else if (__builtin_mul_overflow(units, in->fde->cie.code_align, &units) ||
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
		return malformed_operand;
	if (next < in->location || next - in->fde->start > in->fde->size)
		return "a row outside its function";
	*ret_found = pc < next;
	in->location = next;
	return in->check && next > in->fde->start ? check_row(in) : NULL;
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
		why = malformed_operand;
	return why;
}

/* The row that the FDE's program begins with.  A CIE's does not speak of an FDE. */
static const char *begin(struct interpreter *in, struct known_row *known)
{
	const uint8_t *program = in->fde->cie.program.at;
	const char *why;

	if (known->program == program) {
		*in->row = known->row;
		return NULL;
	}
	memset(in->row, 0, sizeof(*in->row));
	why = run(in, in->fde->cie.program, UINT64_MAX);
	if (why)
		return why;
	known->row = *in->row;
	known->program = program;
	return NULL;
}

/* On failure *row is of no use. */
static const char *run_both(const struct fde *fde, uint64_t pc, bool check, struct known_row *known,
			    struct row *row)
{
	__attribute__((uninitialized)) struct row stack[REMEMBERED_MAX];
	struct interpreter in = {
		.fde = fde, .location = fde->start, .row = row, .check = check, .stack = stack
	};
	const char *why;

	why = begin(&in, known);
	if (why)
		return why;
	in.initial = &known->row;
	in.remembered = 0;
	why = run(&in, fde->program, pc);
	return why ? why : check_row(&in);
}

const char *cfi_row(const struct fde *fde, uint64_t pc, struct row *ret)
{
	__attribute__((uninitialized)) struct known_row none;

	none.program = NULL;
	return run_both(fde, pc, false, &none, ret);
}

const char *cfi_check(const struct fde *fde, struct known_row *known)
{
	__attribute__((uninitialized)) struct row last;

	return run_both(fde, UINT64_MAX, true, known, &last);
}
