/* SPDX-License-Identifier: MIT */
/* Frames of a stack over the tables of the loaded versions, see walk.h.  Freestanding. */
#include "walk.h"

#include <clew/linker.h>
#include <clew/machine.h>

#include "base/string.h"
#include "cause.h"
#include "link/record.h"

/* The unwind table of the version whose text holds pc.  The one place that knows versions. */
static size_t table_at(uint64_t pc, const struct unwind_entry **ret)
{
	const struct link_version *version = linker_version_at(pc);

	if (!version)
		return 0;
	*ret = version->unwind;
	return version->n_unwind;
}

static uint64_t text_start(uint64_t address)
{
	const struct link_version *version = linker_version_at(address);

	return version ? version->text.va : 0;
}

bool walk_is_text(uint64_t address)
{
	return linker_version_at(address) != NULL;
}

bool walk_is_after_call(uint64_t address)
{
	uint64_t start = text_start(address - 1);

	if (start == 0)
		return false;
	if (address - start > CALL_BYTES_MAX)
		start = address - CALL_BYTES_MAX;
	return ends_in_call((const uint8_t *)start, (const uint8_t *)address);
}

static uint64_t lookup_pc(const struct unwind_cursor *cursor)
{
	return cursor->registers[UNWIND_RIP] - (cursor->exact ? 0 : 1);
}

static const struct unwind_entry *entry_at(uint64_t pc)
{
	const struct unwind_entry *table = NULL;
	size_t count = table_at(pc, &table);

	return unwind_find(table, count, pc);
}

/* A pad that no FDE covers is none: to run it would be a jump to nowhere. */
static uint64_t pad_of(const struct unwind_cursor *cursor, const struct unwind_entry *entry)
{
	uint64_t pad;

	if (!entry || unwind_landing_pad(cursor, entry, &pad) != 0)
		return 0;
	return pad != 0 && entry_at(pad) ? pad : 0;
}

/* Only a frame that was stopped at an instruction may be a leaf without tables. */
static int step(struct unwind_cursor *cursor, const struct unwind_entry *entry,
		const struct unwind_stack *stack)
{
	if (!entry && !cursor->exact)
		return UNWIND_E_TRUNCATED;
	return unwind_step(cursor, entry, stack);
}

/* ---- what is remembered ---------------------------------------------------------- */

static bool make_line(const struct link_version *version, const struct unwind_cursor *cursor,
		      struct walk_line *ret)
{
	uint64_t pc = lookup_pc(cursor), offset = pc - version->text.va, pad;
	const struct unwind_entry *entry = unwind_find(version->unwind, version->n_unwind, pc);

	if (!entry || version->id == 0 || offset >= UINT32_MAX ||
	    !unwind_plain_of(cursor, entry, &ret->row))
		return false;
	pad = pad_of(cursor, entry);
	if (pad != 0 && pad - version->text.va >= WALK_NO_PAD)
		return false;
	ret->pad = pad != 0 ? (uint32_t)(pad - version->text.va) : WALK_NO_PAD;
	ret->offset = (uint32_t)offset;
	ret->version = version->id;
	return true;
}

/* By the upper bits of a product: Knuth, vol. 3, 6.4. */
static uint32_t set_of(uint64_t version, uint32_t offset)
{
	return (offset + (uint32_t)version) * 0x9e3779b1u / (UINT32_MAX / WALK_SETS + 1);
}

/* What is known of where the cursor is; NULL: it is no code, or its row is not of the form. */
static const struct walk_line *line_of(const struct link_version *version,
				       const struct unwind_cursor *cursor)
{
	struct walk_memory *memory = walk_memory();
	struct walk_line *set, made;
	uint32_t offset;

	if (!version)
		return NULL;
	offset = (uint32_t)(lookup_pc(cursor) - version->text.va);
	set = memory->lines[set_of(version->id, offset)];
	for (int i = 0; i < WALK_WAYS; i++) {
		if (set[i].offset == offset && set[i].version == version->id && version->id != 0)
			return &set[i];
	}
	if (!make_line(version, cursor, &made))
		return NULL;
	set += memory->made++ % WALK_WAYS;
	*set = made;
	return set;
}

/* Of the frame the cursor is in; 0: none. */
static uint64_t pad_at(const struct unwind_cursor *cursor)
{
	uint64_t pc = lookup_pc(cursor);
	const struct link_version *version = linker_version_at(pc);
	const struct walk_line *line = line_of(version, cursor);

	if (!line)
		return pad_of(cursor, entry_at(pc));
	return line->pad != WALK_NO_PAD ? version->text.va + line->pad : 0;
}

static int step_out(struct unwind_cursor *cursor, const struct unwind_stack *stack)
{
	uint64_t pc = lookup_pc(cursor);
	const struct walk_line *line = line_of(linker_version_at(pc), cursor);

	if (line)
		return unwind_step_plain(cursor, &line->row, stack);
	return step(cursor, entry_at(pc), stack);
}

enum walk_end walk_to_pad(struct unwind_cursor *cursor, const struct unwind_stack *stack,
			  uint64_t *ret_pad)
{
	for (;;) {
		uint64_t pad = pad_at(cursor);
		int r;

		if (pad != 0) {
			*ret_pad = pad;
			return WALK_PAD;
		}
		r = step_out(cursor, stack);
		if (r == UNWIND_E_END)
			return WALK_OUTERMOST;
		if (r != 0)
			return WALK_TRUNCATED;
	}
}

void walk_out(struct unwind_cursor *cursor, const struct unwind_stack *stack)
{
	int r = step_out(cursor, stack);

	(void)r;
}

/* The frame's texts are zero. */
static void name_in(const struct link_version *version, struct fault_frame *frame)
{
	const struct link_function *function = linker_function_at(version, frame->pc);
	uint64_t start = version->text.va;

	if (function) {
		start += function->start;
		string_copy(frame->symbol, sizeof(frame->symbol),
			    version->strings + function->name);
	}
	string_copy(frame->cell, sizeof(frame->cell), version->cell->name);
	frame->offset = (uint32_t)(frame->pc - start);
	frame->version = version->number;
}

void walk_name(uint64_t pc, struct fault_frame *frame)
{
	const struct link_version *version = linker_version_at(pc);
	struct place place;

	*frame = (struct fault_frame){ .pc = pc };
	if (version) {
		name_in(version, frame);
		return;
	}
	if (linker_place(pc, &place) != 0) {
		string_copy(frame->cell, sizeof(frame->cell), "?");
		return;
	}
	string_copy(frame->cell, sizeof(frame->cell), place.cell);
	string_copy(frame->symbol, sizeof(frame->symbol), place.symbol);
	frame->offset = (uint32_t)place.offset;
	frame->version = place.version;
}

uint32_t walk_backtrace(const struct unwind_cursor *cursor, const struct unwind_stack *stack,
			struct fault_frame *frames, uint32_t max)
{
	struct unwind_cursor at = *cursor;

	for (uint32_t n = 0; n < max; n++) {
		uint64_t pc = lookup_pc(&at);

		walk_name(walk_is_text(pc) ? pc : at.registers[UNWIND_RIP], &frames[n]);
		if (step_out(&at, stack) != 0)
			return n + 1;
	}
	return max;
}

uint32_t walk_traces(const struct unwind_cursor *cursor, const struct unwind_stack *stack,
		     struct fault_frame *frames, uint32_t max)
{
	uint64_t at = (cursor->registers[UNWIND_RSP] + 7) & ~7ul;
	uint32_t n = 1;

	walk_name(lookup_pc(cursor), &frames[0]);
	if (at < stack->low)
		return n;
	for (; n < max && at < stack->high && stack->high - at >= 8; at += 8) {
		uint64_t word = *(const uint64_t *)at;

		if (walk_is_after_call(word))
			walk_name(word - 1, &frames[n++]);
	}
	return n;
}

/* ---- past a frame whose address is lost ---------------------------------------- */

#define SEARCH_BYTES 4096ul /* of the stack: a larger frame is not found */

/* What the call that ends at the address calls; 0: it cannot be told. */
static uint64_t called_function(uint64_t after)
{
	const uint8_t *code = (const uint8_t *)after;
	uint64_t start = text_start(after - 1), slot;
	int32_t displacement;

	if (start == 0 || after - start < 6)
		return 0;
	memcpy(&displacement, code - 4, sizeof(displacement));
	if (code[-5] == 0xe8)
		return after + (uint64_t)(int64_t)displacement;
	slot = after + (uint64_t)(int64_t)displacement;
	if (code[-6] != 0xff || code[-5] != 0x15 || machine_prot_at(slot) != MACHINE_R)
		return 0;
	return *(const uint64_t *)(slot & ~7ul);
}

static bool leads_to_the_end(const struct unwind_cursor *cursor, const struct unwind_stack *stack)
{
	struct unwind_cursor at = *cursor;
	int r;

	do
		r = step_out(&at, stack);
	while (r == 0);
	return r == UNWIND_E_END;
}

static bool is_same_frame(const struct unwind_cursor *a, const struct unwind_cursor *b)
{
	static const uint8_t preserved[] = { UNWIND_RBX, UNWIND_RBP, UNWIND_RSP, UNWIND_R12,
					     UNWIND_R13, UNWIND_R14, UNWIND_R15, UNWIND_RIP };

	for (size_t i = 0; i < sizeof(preserved); i++) {
		if (a->registers[preserved[i]] != b->registers[preserved[i]])
			return false;
	}
	return true;
}

struct search {
	const struct unwind_cursor *lost;
	const struct unwind_stack *stack;
	struct unwind_cursor found;
	uint64_t function;
	uint32_t n_found; /* different ones */
};

static void note_caller(struct search *search, const struct unwind_cursor *caller,
			uint64_t function)
{
	if (search->n_found > 0 && is_same_frame(&search->found, caller))
		return;
	if (!leads_to_the_end(caller, search->stack))
		return;
	search->found = *caller;
	search->function = function;
	search->n_found++;
}

/* The word at `at` as the return address of the lost frame, stopped behind any of its calls. */
static void try_return_address(struct search *search, uint64_t at)
{
	uint64_t word = *(const uint64_t *)at, function;
	const struct unwind_entry *entry;

	if (!walk_is_after_call(word))
		return;
	function = called_function(word);
	entry = entry_at(function);
	if (!entry || entry->start != function)
		return;
	for (uint64_t pc = function + 1; pc <= function + entry->size; pc++) {
		struct unwind_cursor cursor = *search->lost;

		if (!walk_is_after_call(pc))
			continue;
		cursor.registers[UNWIND_RIP] = pc;
		cursor.exact = false;
		cursor.cfa = 0;
		if (unwind_step(&cursor, entry, search->stack) == 0 &&
		    cursor.registers[UNWIND_RIP] == word && cursor.registers[UNWIND_RSP] == at + 8)
			note_caller(search, &cursor, function);
	}
}

bool walk_past_lost_frame(const struct unwind_cursor *lost, const struct unwind_stack *stack,
			  struct unwind_cursor *ret, uint64_t *ret_function)
{
	struct search search = { .lost = lost, .stack = stack };
	uint64_t rsp = lost->registers[UNWIND_RSP];

	if (rsp % 8 != 0 || rsp < stack->low)
		return false;
	for (uint64_t at = rsp; at < stack->high && at - rsp < SEARCH_BYTES; at += 8)
		try_return_address(&search, at);
	if (search.n_found != 1)
		return false;
	*ret = search.found;
	*ret_function = search.function;
	return true;
}
