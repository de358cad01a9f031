/* SPDX-License-Identifier: MIT */
/*
 * Frames of a stack, over the unwind tables of the loaded versions.  No
 * state, no lock, no allocation; ends because every step moves up the stack.
 */
#ifndef RECOVERY_WALK_H
#define RECOVERY_WALK_H

#include <clew/recovery.h>

#include "unwind/unwind.h"

/*
 * What was found out about an address in a version's code, so that a stack is
 * not looked up anew for each of its landing pads.  Versions' ids are not used
 * again and their code does not change, so a line is right for good; and it
 * holds offsets, so it holds no version.
 */
#define WALK_SETS 16 /* a power of two */
#define WALK_WAYS 4  /* an address has one set, and any of its lines */
struct walk_line {
	uint64_t version; /* 0: empty */
	uint32_t offset;  /* in its text */
	uint32_t pad;	  /* the landing pad's, or WALK_NO_PAD */
	struct unwind_plain row;
};
#define WALK_NO_PAD UINT32_MAX
struct walk_memory {
	struct walk_line lines[WALK_SETS][WALK_WAYS];
	uint32_t made; /* lines so far: which one gives way */
	uint32_t reserved;
};

/* In the cell's state.  Interrupts off. */
struct walk_memory *walk_memory(void);

/* Whether the address is in a cell's code. */
bool walk_is_text(uint64_t address);

/* Whether the address is in a cell's code and follows a call instruction. */
bool walk_is_after_call(uint64_t address);

enum walk_end {
	WALK_PAD,	/* the cursor is in a frame with a landing pad */
	WALK_OUTERMOST, /* it is in the frame that has no caller */
	WALK_TRUNCATED, /* the caller of its frame could not be found */
};

/* Moves the cursor, from where it is, to the first frame with a landing pad. */
enum walk_end walk_to_pad(struct unwind_cursor *cursor, const struct unwind_stack *stack,
			  uint64_t *ret_pad);

/* One step, whatever the frame's landing pads; a cursor that cannot go on stays. */
void walk_out(struct unwind_cursor *cursor, const struct unwind_stack *stack);

/* Names the place of one address. */
void walk_name(uint64_t address, struct fault_frame *ret);

/*
 * For a frame whose own address is lost (the return address into it was
 * overwritten): the cursor of its caller.  The call before a return address
 * further up names the function, and the function's tables how its frame lies;
 * it is found when exactly one reading of the stack fits them and leads on to
 * the outermost frame.  *ret_function: where the function begins.
 */
bool walk_past_lost_frame(const struct unwind_cursor *lost, const struct unwind_stack *stack,
			  struct unwind_cursor *ret, uint64_t *ret_function);

/* Names at most `max` frames, beginning with the cursor's; returns how many. */
uint32_t walk_backtrace(const struct unwind_cursor *cursor, const struct unwind_stack *stack,
			struct fault_frame *frames, uint32_t max);

/*
 * For a stack that cannot be walked: names the cursor's address, then every
 * word from its stack pointer up that may be a return address.
 */
uint32_t walk_traces(const struct unwind_cursor *cursor, const struct unwind_stack *stack,
		     struct fault_frame *frames, uint32_t max);

#endif
