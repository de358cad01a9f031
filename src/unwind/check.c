/* SPDX-License-Identifier: MIT */
/*
 * Checks a CFA program without making its rows, see cfi.h: which registers are
 * saved where does not matter, whether each row has a CFA does.
 *
 * Refuses what the interpreter (cfi.c) refuses at any pc, and expressions that
 * cannot be evaluated.  Freestanding.
 */
#include "unwind/cfi.h"

struct checker {
	const struct fde *fde;
	struct reader program;
	uint64_t location; /* of the row, from the function's start */
	bool is_cie;
	bool is_absolute; /* it names an address: another function's is not alike */
	uint8_t cfa;	  /* enum rule_kind: what there is of the row */
	uint8_t n_remembered;
	uint8_t remembered[CFI_REMEMBERED_MAX];
};

/* The row begins `units` further on, or, after an overflow, nowhere. */
static const char *move_to(struct checker *checker, uint64_t location)
{
	if (checker->is_cie)
		return "a CIE moves the location";
	if (checker->program.bad)
		return CFI_CUT_OFF;
	if (location < checker->location || location > checker->fde->size)
		return "a row outside its function";
	checker->location = location;
	if (location > 0 && checker->cfa == RULE_UNSPECIFIED)
		return "a row without a CFA";
	return NULL;
}

static const char *advance(struct checker *checker, uint64_t units)
{
	uint64_t location;

	if (__builtin_mul_overflow(units, checker->fde->cie->code_align, &units) ||
	    __builtin_add_overflow(checker->location, units, &location))
		location = UINT64_MAX;
	return move_to(checker, location);
}

static const char *set_location(struct checker *checker)
{
	uint8_t encoding = checker->fde->cie->fde_encoding;

	checker->is_absolute = true;
	return move_to(checker, reader_pointer(&checker->program, encoding) - checker->fde->start);
}

static const char *check_expression(struct checker *checker, bool is_cfa)
{
	static const uint64_t cfa;
	struct reader code = reader_block(&checker->program, reader_uleb(&checker->program));
	uint64_t value;

	if (code.bad)
		return CFI_CUT_OFF;
	if (expression_run(code, NULL, NULL, is_cfa ? NULL : &cfa, &value) != 0)
		return "a malformed expression";
	return NULL;
}

static const char *define_cfa(struct checker *checker, uint64_t reg)
{
	if (reg >= UNWIND_RIP)
		return "the CFA is relative to an unknown register";
	checker->cfa = RULE_REGISTER;
	return NULL;
}

static const char *change_cfa(struct checker *checker, uint8_t opcode)
{
	struct reader *program = &checker->program;

	if (checker->cfa != RULE_REGISTER)
		return "a change to a CFA that is no register and offset";
	if (opcode == DW_CFA_def_cfa_register)
		return define_cfa(checker, reader_uleb(program));
	if (opcode == DW_CFA_def_cfa_offset)
		(void)reader_uleb(program);
	else
		(void)reader_sleb(program);
	return NULL;
}

static const char *remember(struct checker *checker)
{
	if (checker->n_remembered == CFI_REMEMBERED_MAX)
		return "too many remembered states";
	checker->remembered[checker->n_remembered++] = checker->cfa;
	return NULL;
}

static const char *recall(struct checker *checker)
{
	if (checker->n_remembered == 0)
		return "DW_CFA_restore_state without a remembered state";
	checker->cfa = checker->remembered[--checker->n_remembered];
	return NULL;
}

/* What a rule for a register says; its number, any, is read already. */
static const char *check_rule(struct checker *checker, uint8_t opcode)
{
	struct reader *program = &checker->program;

	switch (opcode) {
	case DW_CFA_offset_extended:
	case DW_CFA_GNU_negative_offset_extended:
	case DW_CFA_val_offset:
		(void)reader_uleb(program);
		return NULL;
	case DW_CFA_offset_extended_sf:
	case DW_CFA_val_offset_sf:
		(void)reader_sleb(program);
		return NULL;
	case DW_CFA_restore_extended:
		return checker->is_cie ? "DW_CFA_restore in a CIE" : NULL;
	case DW_CFA_undefined:
	case DW_CFA_same_value:
		return NULL;
	case DW_CFA_register:
		return reader_uleb(program) >= UNWIND_REGISTERS
			       ? "a value is kept in an unknown register"
			       : NULL;
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		return check_expression(checker, false);
	default:
		return "unknown CFA instruction";
	}
}

/* A switch over DWARF 5 table 7.29: all instructions but the three that are coded in two bits. */
static const char *check_instruction(struct checker *checker, uint8_t opcode)
{
	struct reader *program = &checker->program;
	const char *why;
	uint64_t reg;

	switch (opcode) {
	case DW_CFA_nop:
		return NULL;
	case DW_CFA_set_loc:
		return set_location(checker);
	case DW_CFA_advance_loc1:
		return advance(checker, reader_unsigned(program, 1));
	case DW_CFA_advance_loc2:
		return advance(checker, reader_unsigned(program, 2));
	case DW_CFA_advance_loc4:
		return advance(checker, reader_unsigned(program, 4));
	case DW_CFA_GNU_args_size:
		(void)reader_uleb(program);
		return NULL;
	case DW_CFA_remember_state:
		return remember(checker);
	case DW_CFA_restore_state:
		return recall(checker);
	case DW_CFA_def_cfa:
		reg = reader_uleb(program);
		(void)reader_uleb(program);
		return define_cfa(checker, reg);
	case DW_CFA_def_cfa_sf:
		reg = reader_uleb(program);
		(void)reader_sleb(program);
		return define_cfa(checker, reg);
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
		return change_cfa(checker, opcode);
	case DW_CFA_def_cfa_expression:
		why = check_expression(checker, true);
		if (!why)
			checker->cfa = RULE_VAL_EXPRESSION;
		return why;
	default:
		(void)reader_uleb(program);
		return check_rule(checker, opcode);
	}
}

static const char *check_coded(struct checker *checker, uint8_t opcode)
{
	switch (opcode & 0xc0) {
	case DW_CFA_advance_loc:
		return advance(checker, opcode & 0x3f);
	case DW_CFA_offset:
		(void)reader_uleb(&checker->program);
		return NULL;
	case DW_CFA_restore:
		return checker->is_cie ? "DW_CFA_restore in a CIE" : NULL;
	default:
		return check_instruction(checker, opcode);
	}
}

/* A LEB128 number of one byte follows. */
static inline bool has_short(const uint8_t *at, const uint8_t *end)
{
	return at < end && *at < 0x80;
}

/*
 * Skips what gcc writes most: moves on in the function, registers saved, a
 * CFA with another offset.  Returns where something else begins, or something
 * that is wrong.
 */
static inline const uint8_t *skip_usual(struct checker *checker, const uint8_t *at,
					const uint8_t *end)
{
	uint64_t location = checker->location, size = checker->fde->size;
	uint64_t align = checker->fde->cie->code_align;
	bool moves = !checker->is_cie && checker->cfa != RULE_UNSPECIFIED && align <= UINT8_MAX;
	bool has_offset = checker->cfa == RULE_REGISTER;

	for (; at < end; at++) {
		uint8_t opcode = *at;

		if ((opcode & 0xc0) == DW_CFA_advance_loc) {
			uint64_t next = location + (opcode & 0x3f) * align;

			if (!moves || next < location || next > size)
				break;
			location = next;
		} else if ((opcode & 0xc0) == DW_CFA_offset ||
			   (opcode == DW_CFA_def_cfa_offset && has_offset)) {
			if (!has_short(at + 1, end))
				break;
			at++;
		} else if (opcode != DW_CFA_nop) {
			break;
		}
	}
	checker->location = location;
	return at;
}

static const char *check_program(struct checker *checker, struct reader program)
{
	const uint8_t *at = program.at, *end = program.end;

	checker->program = program;
	for (;;) {
		const char *why;

		at = skip_usual(checker, at, end);
		if (at == end)
			return checker->program.bad ? CFI_CUT_OFF : NULL;
		checker->program.at = at + 1;
		why = check_coded(checker, *at);
		if (why)
			return why;
		at = checker->program.at;
	}
}

/* Compilers end their functions in few ways: is this the program that was checked last? */
static bool is_known(const struct fde *fde, const struct known_row *known)
{
	size_t size = reader_left(&fde->program);
	uint64_t word, other;

	if (size == 0 || known->size != size || known->location > fde->size)
		return false;
	for (size_t i = 0; i + 8 <= size; i += 8) {
		__builtin_memcpy(&word, fde->program.at + i, 8);
		__builtin_memcpy(&other, known->at + i, 8);
		if (word != other)
			return false;
	}
	for (size_t i = size & ~7ul; i < size; i++) {
		if (fde->program.at[i] != known->at[i])
			return false;
	}
	return true;
}

static const char *check_cie(const struct fde *fde, struct known_row *known)
{
	struct checker checker = { .fde = fde, .is_cie = true };
	const char *why = check_program(&checker, fde->cie->program);

	if (why)
		return why;
	*known = (struct known_row){ .program = fde->cie->program.at, .cfa = checker.cfa };
	return NULL;
}

const char *cfi_check(const struct fde *fde, struct known_row *known)
{
	__attribute__((uninitialized)) struct checker checker;
	const char *why = NULL;

	if (known->program != fde->cie->program.at)
		why = check_cie(fde, known);
	if (why || is_known(fde, known))
		return why;
	checker.fde = fde;
	checker.location = 0;
	checker.is_cie = false;
	checker.is_absolute = false;
	checker.cfa = known->cfa;
	checker.n_remembered = 0;
	why = check_program(&checker, fde->program);
	if (!why && checker.cfa == RULE_UNSPECIFIED)
		why = "a row without a CFA";
	if (why || checker.is_absolute)
		return why;
	known->at = fde->program.at;
	known->size = reader_left(&fde->program);
	known->location = checker.location;
	return NULL;
}
