/* SPDX-License-Identifier: MIT */
/*
 * DWARF expressions of CFA programs.  Freestanding.
 *
 * The operations of DWARF 5 section 2.5.1 that compute an address from
 * registers and the stack.  Branches are refused, so an expression ends.
 */
#include "unwind/cfi.h"

#define OPERANDS_MAX 32

enum expression_opcode { /* DWARF 5 table 7.9 */
	DW_OP_addr = 0x03,
	DW_OP_deref = 0x06,
	DW_OP_const1u = 0x08,
	DW_OP_const1s = 0x09,
	DW_OP_const2u = 0x0a,
	DW_OP_const2s = 0x0b,
	DW_OP_const4u = 0x0c,
	DW_OP_const4s = 0x0d,
	DW_OP_const8u = 0x0e,
	DW_OP_const8s = 0x0f,
	DW_OP_constu = 0x10,
	DW_OP_consts = 0x11,
	DW_OP_dup = 0x12,
	DW_OP_drop = 0x13,
	DW_OP_over = 0x14,
	DW_OP_pick = 0x15,
	DW_OP_swap = 0x16,
	DW_OP_rot = 0x17,
	DW_OP_abs = 0x19,
	DW_OP_and = 0x1a,
	DW_OP_div = 0x1b,
	DW_OP_minus = 0x1c,
	DW_OP_mod = 0x1d,
	DW_OP_mul = 0x1e,
	DW_OP_neg = 0x1f,
	DW_OP_not = 0x20,
	DW_OP_or = 0x21,
	DW_OP_plus = 0x22,
	DW_OP_plus_uconst = 0x23,
	DW_OP_shl = 0x24,
	DW_OP_shr = 0x25,
	DW_OP_shra = 0x26,
	DW_OP_xor = 0x27,
	DW_OP_eq = 0x29,
	DW_OP_ge = 0x2a,
	DW_OP_gt = 0x2b,
	DW_OP_le = 0x2c,
	DW_OP_lt = 0x2d,
	DW_OP_ne = 0x2e,
	DW_OP_lit0 = 0x30,
	DW_OP_lit31 = 0x4f,
	DW_OP_breg0 = 0x70,
	DW_OP_breg31 = 0x8f,
	DW_OP_bregx = 0x92,
	DW_OP_nop = 0x96,
};

struct calculator {
	struct reader code;
	const uint64_t *registers;	  /* NULL: only checking */
	const struct unwind_stack *stack; /* borrowed from the caller of unwind_step */
	uint64_t operands[OPERANDS_MAX];
	unsigned int count;
	int r; /* of the first operation that failed */
};

bool stack_read(const struct unwind_stack *stack, uint64_t address, uint64_t *ret)
{
	if (address < stack->low || address > stack->high || stack->high - address < 8 ||
	    address % 8 != 0)
		return false;
	*ret = *(const uint64_t *)(uintptr_t)address;
	return true;
}

static void fail(struct calculator *calc, int r)
{
	if (calc->r == 0)
		calc->r = r;
}

static void push(struct calculator *calc, uint64_t value)
{
	if (calc->count == OPERANDS_MAX)
		fail(calc, -EBADMSG);
	else
		calc->operands[calc->count++] = value;
}

static uint64_t pop(struct calculator *calc)
{
	if (calc->count == 0) {
		fail(calc, -EBADMSG);
		return 0;
	}
	return calc->operands[--calc->count];
}

static void pick(struct calculator *calc, unsigned int depth)
{
	if (depth >= calc->count)
		fail(calc, -EBADMSG);
	else
		push(calc, calc->operands[calc->count - 1 - depth]);
}

static void push_register(struct calculator *calc, uint64_t reg, int64_t offset)
{
	if (reg >= UNWIND_REGISTERS)
		fail(calc, -EBADMSG);
	else
		push(calc, (calc->registers ? calc->registers[reg] : 0) + (uint64_t)offset);
}

static void dereference(struct calculator *calc)
{
	uint64_t address = pop(calc), word = 0;

	if (calc->registers && !stack_read(calc->stack, address, &word))
		fail(calc, UNWIND_E_TRUNCATED);
	push(calc, word);
}

static void rotate(struct calculator *calc)
{
	uint64_t a = pop(calc), b = pop(calc), c = pop(calc);

	push(calc, a);
	push(calc, c);
	push(calc, b);
}

static void exchange(struct calculator *calc)
{
	uint64_t a = pop(calc), b = pop(calc);

	push(calc, a);
	push(calc, b);
}

/* Division by zero and of the least number have no result: the unwind ends there. */
static uint64_t divide(struct calculator *calc, int64_t a, int64_t b)
{
	if (b == 0 || (a == INT64_MIN && b == -1)) {
		if (calc->registers)
			fail(calc, UNWIND_E_TRUNCATED);
		return 0;
	}
	return (uint64_t)(a / b);
}

static uint64_t modulo(struct calculator *calc, uint64_t a, uint64_t b)
{
	if (b == 0) {
		if (calc->registers)
			fail(calc, UNWIND_E_TRUNCATED);
		return 0;
	}
	return a % b;
}

/* Operations that take two operands; b was on top.  A switch over table 7.9. */
static void combine(struct calculator *calc, uint8_t opcode)
{
	uint64_t b = pop(calc), a = pop(calc);
	int64_t sa = (int64_t)a, sb = (int64_t)b;

	switch (opcode) {
	case DW_OP_and:
		return push(calc, a & b);
	case DW_OP_div:
		return push(calc, divide(calc, sa, sb));
	case DW_OP_minus:
		return push(calc, a - b);
	case DW_OP_mod:
		return push(calc, modulo(calc, a, b));
	case DW_OP_mul:
		return push(calc, a * b);
	case DW_OP_or:
		return push(calc, a | b);
	case DW_OP_plus:
		return push(calc, a + b);
	case DW_OP_shl:
		return push(calc, b < 64 ? a << b : 0);
	case DW_OP_shr:
		return push(calc, b < 64 ? a >> b : 0);
	case DW_OP_shra:
		return push(calc, (uint64_t)(sa >> (b < 64 ? b : 63)));
	case DW_OP_xor:
		return push(calc, a ^ b);
	case DW_OP_eq:
		return push(calc, a == b);
	case DW_OP_ge:
		return push(calc, sa >= sb);
	case DW_OP_gt:
		return push(calc, sa > sb);
	case DW_OP_le:
		return push(calc, sa <= sb);
	case DW_OP_lt:
		return push(calc, sa < sb);
	case DW_OP_ne:
		return push(calc, a != b);
	default:
		fail(calc, -EBADMSG);
	}
}

/* Constants and registers; false: the opcode is neither. */
static bool push_operand(struct calculator *calc, uint8_t opcode)
{
	struct reader *code = &calc->code;
	uint64_t reg;

	if (opcode >= DW_OP_lit0 && opcode <= DW_OP_lit31)
		push(calc, opcode - DW_OP_lit0);
	else if (opcode >= DW_OP_breg0 && opcode <= DW_OP_breg31)
		push_register(calc, opcode - DW_OP_breg0, reader_sleb(code));
	else if (opcode == DW_OP_addr)
		push(calc, reader_unsigned(code, 8));
	else if (opcode >= DW_OP_const1u && opcode <= DW_OP_const8s && opcode % 2 == 0)
		push(calc, reader_unsigned(code, 1u << ((opcode - DW_OP_const1u) / 2)));
	else if (opcode >= DW_OP_const1u && opcode <= DW_OP_const8s)
		push(calc, (uint64_t)reader_signed(code, 1u << ((opcode - DW_OP_const1u) / 2)));
	else if (opcode == DW_OP_constu)
		push(calc, reader_uleb(code));
	else if (opcode == DW_OP_consts)
		push(calc, (uint64_t)reader_sleb(code));
	else if (opcode == DW_OP_bregx) {
		reg = reader_uleb(code);
		push_register(calc, reg, reader_sleb(code));
	} else
		return false;
	return true;
}

/* A switch over table 7.9: what moves or changes operands. */
static void operate(struct calculator *calc, uint8_t opcode)
{
	uint64_t a;

	switch (opcode) {
	case DW_OP_nop:
		return;
	case DW_OP_deref:
		return dereference(calc);
	case DW_OP_dup:
		return pick(calc, 0);
	case DW_OP_drop:
		(void)pop(calc);
		return;
	case DW_OP_over:
		return pick(calc, 1);
	case DW_OP_pick:
		return pick(calc, reader_byte(&calc->code));
	case DW_OP_swap:
		return exchange(calc);
	case DW_OP_rot:
		return rotate(calc);
	case DW_OP_abs:
		a = pop(calc);
		return push(calc, (int64_t)a < 0 ? -a : a);
	case DW_OP_neg:
		return push(calc, -pop(calc));
	case DW_OP_not:
		return push(calc, ~pop(calc));
	case DW_OP_plus_uconst:
		return push(calc, pop(calc) + reader_uleb(&calc->code));
	default:
		combine(calc, opcode);
	}
}

int expression_run(struct reader code, const uint64_t *registers, const struct unwind_stack *stack,
		   const uint64_t *initial, uint64_t *ret)
{
	struct calculator calc = { .code = code, .registers = registers, .stack = stack };
	uint64_t value;

	if (initial)
		push(&calc, *initial);
	while (calc.r == 0 && calc.code.at < calc.code.end) {
		uint8_t opcode = *calc.code.at++;

		if (!push_operand(&calc, opcode))
			operate(&calc, opcode);
		if (calc.code.bad)
			return -EBADMSG;
	}
	value = pop(&calc);
	if (calc.r != 0)
		return calc.r;
	*ret = value;
	return 0;
}
