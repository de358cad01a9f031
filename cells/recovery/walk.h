/* SPDX-License-Identifier: MIT */
/*
 * Frames of a stack, over the unwind tables of the loaded versions.  No
 * state, no lock, no allocation; ends because every step moves up the stack.
 */
#ifndef RECOVERY_WALK_H
#define RECOVERY_WALK_H

#include <clew/recovery.h>

#include "unwind/unwind.h"

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
