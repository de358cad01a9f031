/* SPDX-License-Identifier: MIT */
/* One step of src/unwind beside its witnesses, see agreement.h. */
#include "agreement.h"

#include <dwarf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libdw_row.h"
#include "witness.h"

#define STACK_WORDS (1 << 20)
#define FAILURES_SHOWN 20

/* psABI figure 3.36: xmm0 ... xmm15 */
#define FIRST_VECTOR_COLUMN 17
#define LAST_VECTOR_COLUMN 32

struct agreement agreement;

static uint64_t words[STACK_WORDS];
static struct unwind_stack stack;
static struct witness_tables tables;
static Dwarf_CFI *witness_cfi;

/* What src/unwind and libdw say of a place. */
struct place {
	const struct object *object;
	const struct unwind_entry *entry;
	Dwarf_Frame *frame;
	uint64_t pc;
	struct unwind_cursor before, after;
	int r; /* unwind_step's */
	struct libdw_state state;
	uint64_t cfa; /* libdw's */
};

const char *agreement_difference(enum difference difference)
{
	static const char *const sentences[N_DIFFERENCES] = {
		[DIFFERENCE_VECTOR_COLUMN] = "libunwind stops where a vector register is saved: "
					     "psABI figure 3.36 has columns 17 to 32 for them",
		[DIFFERENCE_VAL_OFFSET] =
			"libunwind does not know DW_CFA_val_offset: DWARF 5 section 6.4.2.3",
		[DIFFERENCE_UNDEFINED_RBP] =
			"libunwind ends where rbp is undefined: by DWARF 5 section 6.4.4 only "
			"an undefined return address says that there is no caller",
		[DIFFERENCE_STACK_POINTER] =
			"libunwind gives the CFA for a stack pointer that has a rule of its own: "
			"DWARF 5 section 6.4.1 lets any column have one",
		[DIFFERENCE_EMPTY_FUNCTION] =
			"libgcc does not find a function that begins where an empty one does: "
			"DWARF 5 section 6.4.1, an address range of no bytes covers none",
		[DIFFERENCE_CFA_REGISTER] =
			"libgcc and libunwind go on where DW_CFA_def_cfa_register changes an "
			"expression: not valid by DWARF 5 section 6.4.2.2, libdw refuses it too",
	};

	return sentences[difference];
}

void agreement_open(void)
{
	stack = (struct unwind_stack){ (uintptr_t)words, (uintptr_t)words + sizeof(words) };
	/* Each another address of the upper half: a CFA may be read from the stack. */
	for (int i = 0; i < STACK_WORDS; i++)
		words[i] = (uintptr_t)&words[STACK_WORDS / 2 + i % (STACK_WORDS / 2)];
	witness_libgcc_open();
	witness_libunwind_open();
}

void agreement_fail(const struct object *object, uint64_t pc, const char *format, ...)
{
	va_list arguments;

	if (agreement.failures++ >= FAILURES_SHOWN)
		return;
	printf("# %s: at file offset 0x%lx: ", object->name, pc - (uintptr_t)object->bytes);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

#define FAIL(place, ...) agreement_fail((place)->object, (place)->pc, __VA_ARGS__)

void agreement_begin(const struct object *object, Dwarf_CFI *cfi)
{
	witness_cfi = cfi;
	tables = (struct witness_tables){ .eh_frame = object->eh_frame,
					  .entries = object->entries,
					  .n_entries = object->n_entries,
					  .low = (uintptr_t)object->bytes,
					  .high = (uintptr_t)object->bytes + object->mapped };
	witness_libgcc_add(object->eh_frame);
	witness_libunwind_use(&tables, 1, &stack);
}

void agreement_end(const struct object *object)
{
	witness_libgcc_remove(object->eh_frame);
}

/* Registers that point into the stack, each somewhere else. */
static struct unwind_cursor pointers(uint64_t pc)
{
	struct unwind_cursor cursor = { .exact = true };

	for (int i = 0; i < UNWIND_REGISTERS; i++)
		cursor.registers[i] = stack.low + (1 << 17) + 4096ul * (unsigned int)i;
	cursor.registers[UNWIND_RSP] = stack.low + (1 << 16);
	cursor.registers[UNWIND_RIP] = pc;
	return cursor;
}

/* The same where a register of the caller's is an index into the stack. */
static struct unwind_cursor indices(uint64_t pc)
{
	static const int scratch[] = { UNWIND_RAX, UNWIND_RDX, UNWIND_RCX, UNWIND_RSI, UNWIND_RDI,
				       UNWIND_R8,  UNWIND_R9,  UNWIND_R10, UNWIND_R11 };
	struct unwind_cursor cursor = pointers(pc);

	for (size_t i = 0; i < sizeof(scratch) / sizeof(scratch[0]); i++)
		cursor.registers[scratch[i]] = 16ul * (unsigned int)scratch[i];
	return cursor;
}

/* ---- libdw ------------------------------------------------------------------- */

static enum libdw_value libdw_value(const struct place *place, int reg, uint64_t *ret)
{
	return libdw_register(place->frame, reg, &place->state, place->cfa, ret);
}

static void compare_register(const struct place *place, int reg)
{
	uint64_t ours = place->after.registers[reg], value = place->before.registers[reg];
	enum libdw_value kind = libdw_value(place, reg, &value);

	if (kind == LIBDW_FAILED)
		FAIL(place, "libdw's register %d cannot be evaluated", reg);
	else if (kind != LIBDW_UNDEFINED && ours != value)
		FAIL(place, "register %d 0x%lx, libdw 0x%lx", reg, ours, value);
}

static void compare_libdw(const struct place *place)
{
	uint64_t value;

	if (libdw_value(place, UNWIND_RIP, &value) == LIBDW_UNDEFINED) {
		if (place->r != UNWIND_E_END)
			FAIL(place, "libdw: the outermost frame; step: %d", place->r);
		return;
	}
	if (place->r != 0) {
		FAIL(place, "libdw: a caller; step: %d", place->r);
		return;
	}
	if (place->after.cfa != place->cfa)
		FAIL(place, "CFA 0x%lx, libdw 0x%lx", place->after.cfa, place->cfa);
	for (int i = 0; i < WITNESS_COMPARED; i++)
		compare_register(place, witness_compared[i]);
	compare_register(place, UNWIND_RSP);
}

/* ---- libgcc and libunwind ------------------------------------------------------ */

/* Whether the witness, which found `count` callers, found ours; shows what differs. */
static bool is_same(const struct place *place, const char *name, int count,
		    const struct witness_frame *witness, bool show)
{
	bool same = count == (place->r == 0);
	uint64_t value;

	if (!same && show)
		FAIL(place, "%s: %s caller; step: %d", name, count ? "a" : "no", place->r);
	if (!same || count == 0)
		return same;
	if (place->after.cfa != witness->cfa) {
		same = false;
		if (show)
			FAIL(place, "CFA 0x%lx, %s 0x%lx", place->after.cfa, name, witness->cfa);
	}
	for (int i = 0; i < WITNESS_COMPARED; i++) {
		int reg = witness_compared[i];

		if (place->after.registers[reg] == witness->registers[reg] ||
		    libdw_value(place, reg, &value) == LIBDW_UNDEFINED)
			continue;
		same = false;
		if (show)
			FAIL(place, "register %d 0x%lx, %s 0x%lx", reg, place->after.registers[reg],
			     name, witness->registers[reg]);
	}
	return same;
}

static void compare_function(const struct place *place, const char *name,
			     const struct witness_function *function)
{
	const struct unwind_entry *entry = place->entry;

	if (function->start != entry->start)
		FAIL(place, "function at 0x%lx, %s 0x%lx", entry->start, name, function->start);
	if (function->lsda != entry->lsda)
		FAIL(place, "LSDA at 0x%lx, %s 0x%lx", entry->lsda, name, function->lsda);
}

static void compare_pad(const struct place *place, const struct witness_function *function)
{
	uint64_t expected = 0, pad = 1;

	if (function->lsda)
		expected = witness_libgcc_pad(function, place->pc, true);
	if (unwind_landing_pad(&place->before, place->entry, &pad) != 0)
		FAIL(place, "a malformed LSDA");
	else if (pad != expected)
		FAIL(place, "landing pad 0x%lx, libgcc 0x%lx", pad, expected);
	agreement.pads += pad != 0;
}

/* Whether an FDE of no bytes begins where this function does. */
static bool has_empty_twin(const struct place *place)
{
	const struct object *object = place->object;
	const uint8_t *end = object->eh_frame + object->eh_frame_size - 4;
	uint32_t length, id, size;
	int32_t start;

	/* gas writes both as pcrel sdata4 */
	for (const uint8_t *at = object->eh_frame; at < end; at += 4 + length) {
		memcpy(&length, at, 4);
		memcpy(&id, at + 4, 4);
		memcpy(&start, at + 8, 4);
		memcpy(&size, at + 12, 4);
		if (id != 0 && size == 0 &&
		    (uintptr_t)at + 8 + (uint64_t)start == place->entry->start)
			return true;
	}
	return false;
}

static void compare_libgcc(const struct place *place)
{
	struct witness_function function;
	struct witness_frame witness;
	int count = witness_libgcc_trace(place->before.registers, &witness, 1, &function);

	if (count == 0 && has_empty_twin(place)) {
		agreement.differences[DIFFERENCE_EMPTY_FUNCTION]++;
		return;
	}
	(void)is_same(place, "libgcc", count, &witness, true);
	compare_function(place, "libgcc", &function);
	compare_pad(place, &function);
}

static bool has_vector_rule(Dwarf_Frame *frame)
{
	Dwarf_Op mem[3], *ops;
	size_t n;

	for (int i = FIRST_VECTOR_COLUMN; i <= LAST_VECTOR_COLUMN; i++) {
		if (dwarf_frame_register(frame, i, mem, &ops, &n) == 0 && n > 0)
			return true;
	}
	return false;
}

/* A value that is the CFA and an offset; RSP is that without a rule. */
static bool has_val_offset(Dwarf_Frame *frame)
{
	Dwarf_Op mem[3], *ops;
	size_t n;

	for (int i = 0; i < UNWIND_REGISTERS; i++) {
		if (i != UNWIND_RSP && dwarf_frame_register(frame, i, mem, &ops, &n) == 0 &&
		    ops == mem && n > 1 && ops[0].atom == DW_OP_call_frame_cfa &&
		    ops[n - 1].atom == DW_OP_stack_value)
			return true;
	}
	return false;
}

/* Whether a row of the function has such a rule, up to the place's. */
static bool had(const struct place *place, bool (*has)(Dwarf_Frame *frame))
{
	uint64_t pc = place->entry->start;
	bool found = false;

	while (!found && pc <= place->pc) {
		Dwarf_Frame *frame;
		Dwarf_Addr to;

		if (dwarf_cfi_addrframe(witness_cfi, pc, &frame) != 0)
			return false;
		found = has(frame);
		dwarf_frame_info(frame, NULL, &to, NULL);
		free(frame);
		pc = to;
	}
	return found;
}

static void compare_libunwind(const struct place *place)
{
	struct witness_function function;
	struct witness_frame witness;
	int count = witness_libunwind_trace(place->before.registers, &witness, 1, &function);
	uint64_t value;

	if (!is_same(place, "libunwind", count, &witness, false)) {
		if (count == 0 && had(place, has_vector_rule))
			agreement.differences[DIFFERENCE_VECTOR_COLUMN]++;
		else if (count == 0 && libdw_value(place, UNWIND_RBP, &value) == LIBDW_UNDEFINED)
			agreement.differences[DIFFERENCE_UNDEFINED_RBP]++;
		else if (had(place, has_val_offset))
			agreement.differences[DIFFERENCE_VAL_OFFSET]++;
		else
			(void)is_same(place, "libunwind", count, &witness, true);
		return;
	}
	if (count && witness.registers[UNWIND_RSP] != place->after.registers[UNWIND_RSP]) {
		if (witness.registers[UNWIND_RSP] != place->cfa)
			FAIL(place, "RSP 0x%lx, libunwind 0x%lx",
			     place->after.registers[UNWIND_RSP], witness.registers[UNWIND_RSP]);
		agreement.differences[DIFFERENCE_STACK_POINTER]++;
	}
	compare_function(place, "libunwind", &function);
}

/* The form in which rows are remembered, where they have it: the same step. */
static void compare_plain(const struct place *place)
{
	struct unwind_cursor cursor = place->before;
	struct unwind_plain plain;
	int r;

	if (!unwind_plain_of(&place->before, place->entry, &plain))
		return;
	agreement.plain++;
	r = unwind_step_plain(&cursor, &plain, &stack);
	if (r != place->r || memcmp(&cursor, &place->after, sizeof(cursor)) != 0)
		FAIL(place, "a remembered row steps otherwise: %d", r);
}

void agreement_compare(const struct object *object, const struct unwind_entry *entry,
		       Dwarf_Frame *frame, uint64_t pc)
{
	struct place place = { .object = object, .entry = entry, .frame = frame, .pc = pc };

	place.state = (struct libdw_state){ place.before.registers, &stack };
	place.before = pointers(pc);
	agreement.places++;
	if (libdw_cfa(frame, &place.state, &place.cfa) != LIBDW_KNOWN) {
		place.before = indices(pc);
		if (libdw_cfa(frame, &place.state, &place.cfa) != LIBDW_KNOWN) {
			FAIL(&place, "libdw's CFA cannot be evaluated");
			return;
		}
	}
	place.after = place.before;
	place.r = unwind_step(&place.after, entry, &stack);
	agreement.ends += place.r == UNWIND_E_END;
	compare_plain(&place);
	compare_libdw(&place);
	compare_libgcc(&place);
	compare_libunwind(&place);
}
