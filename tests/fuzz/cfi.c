/* SPDX-License-Identifier: MIT */
/*
 * Call frame information: any bytes as an .eh_frame with LSDAs behind it.
 * When src/unwind takes them, every step from every place stays in the stack
 * and ends, and every landing pad is in the code.
 *
 * Input: the size of the .eh_frame (2 bytes, little endian), then the bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "unwind/unwind.h"

#define ENTRIES_MAX 64
#define STACK_WORDS 64

static uint64_t words[STACK_WORDS];

/* All registers point into the stack; the words are addresses of it too. */
static struct unwind_cursor cursor_at(uint64_t pc, bool exact)
{
	struct unwind_cursor cursor = { .exact = exact };

	for (int i = 0; i < UNWIND_REGISTERS; i++)
		cursor.registers[i] = (uintptr_t)&words[16 + i];
	cursor.registers[UNWIND_RSP] = (uintptr_t)&words[4];
	cursor.registers[UNWIND_RIP] = pc;
	return cursor;
}

static void step_at(const struct unwind_entry *entry, uint64_t pc, bool exact)
{
	const struct unwind_stack stack = { (uintptr_t)words, (uintptr_t)(words + STACK_WORDS) };
	struct unwind_cursor cursor = cursor_at(pc, exact), before = cursor;

	for (int steps = 0;; steps++) {
		uint64_t cfa = cursor.cfa;
		int r = unwind_step(&cursor, entry, &stack);

		FUZZ_REQUIRE(r == 0 || r == UNWIND_E_END || r == UNWIND_E_TRUNCATED);
		if (r != 0) {
			FUZZ_REQUIRE(steps > 0 || memcmp(&cursor, &before, sizeof(cursor)) == 0);
			return;
		}
		FUZZ_REQUIRE(cursor.cfa > cfa && cursor.cfa <= stack.high);
		FUZZ_REQUIRE(steps < STACK_WORDS * 8);
		cursor.registers[UNWIND_RIP] = pc;
		cursor.exact = exact;
	}
}

static void look_at(const struct unwind_entry *entries, size_t count,
		    const struct unwind_entry *entry, uint64_t pc)
{
	struct unwind_cursor cursor = cursor_at(pc, true);
	uint64_t pad = 0;

	FUZZ_REQUIRE(unwind_landing_pad(&cursor, entry, &pad) == 0);
	FUZZ_REQUIRE(pad == 0 || unwind_find(entries, count, pad));
}

static void walk(const struct unwind_entry *entries, size_t count, bool lsdas)
{
	for (size_t i = 0; i < count; i++) {
		const struct unwind_entry *entry = &entries[i];
		uint64_t stride = entry->size / 3 + 1;

		FUZZ_REQUIRE(entry->size > 0 && entry->start + entry->size > entry->start);
		FUZZ_REQUIRE(i == 0 || entry->start >= entry[-1].start + entry[-1].size);
		FUZZ_REQUIRE(unwind_find(entries, count, entry->start) == entry);
		(void)unwind_is_signal_frame(entry);
		for (uint64_t at = 0; at < entry->size; at += stride) {
			step_at(entry, entry->start + at, true);
			step_at(entry, entry->start + at + 1, false);
			if (lsdas)
				look_at(entries, count, entry, entry->start + at);
		}
	}
}

/* An exact copy, so that a sanitizer sees the first byte outside it. */
static void run(const uint8_t *bytes, size_t size, size_t eh_frame_size)
{
	struct unwind_entry entries[ENTRIES_MAX];
	struct diag diag = { .offset = 0 };
	uint64_t at = (uintptr_t)bytes;
	size_t count = ENTRIES_MAX + 1, counted;
	bool lsdas;
	int r;

	r = unwind_index(bytes, eh_frame_size, at, at, at + size, entries, ENTRIES_MAX, &count,
			 &diag);
	if (r != 0) {
		FUZZ_REQUIRE(count == ENTRIES_MAX + 1);
		FUZZ_REQUIRE(r == -ENOSPC || (r == -EBADMSG && diag.what[0]));
		FUZZ_REQUIRE(r == -ENOSPC || diag.offset < eh_frame_size);
		return;
	}
	FUZZ_REQUIRE(count <= ENTRIES_MAX);
	r = unwind_index(bytes, eh_frame_size, at, at, at + size, NULL, 0, &counted, &diag);
	FUZZ_REQUIRE(r == 0 && counted == count);
	diag = (struct diag){ .offset = 0 };
	lsdas = unwind_check_lsdas(bytes, size, at, entries, count, &diag) == 0;
	FUZZ_REQUIRE(lsdas || (diag.what[0] && diag.offset < size));
	fuzz_accepted += lsdas && count > 0;
	walk(entries, count, lsdas);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes;
	size_t eh_frame_size;

	if (size < 2)
		return 0;
	for (int i = 0; i < STACK_WORDS; i++)
		words[i] = (uintptr_t)&words[(i * 7 + 24) % STACK_WORDS];
	eh_frame_size = data[0] + data[1] * 256ul;
	size -= 2;
	if (eh_frame_size > size)
		eh_frame_size = size;
	bytes = fuzz_copy(data + 2, size);
	run(bytes, size, eh_frame_size);
	free(bytes);
	return 0;
}
