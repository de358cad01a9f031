/* SPDX-License-Identifier: MIT */
/*
 * What a fault was, from the registers and a few bytes around them.  Pure:
 * reads nothing but its arguments, so that it can be tested on the host.
 */
#ifndef RECOVERY_CAUSE_H
#define RECOVERY_CAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <clew/trap.h>

/* Where unwinding has to begin. */
enum fault_start {
	FAULT_HERE,	/* at the faulting instruction */
	FAULT_BAD_CALL, /* control left the code by a call: at the call */
	FAULT_SMASHED,	/* by a return to a wrong address: the stack cannot be trusted */
	FAULT_LOST,	/* some other way */
};

/* What is known about the place of a fault. */
struct fault_site {
	bool in_text;	 /* RIP is in a cell's code */
	bool after_call; /* [RSP] is an address after a call instruction of a cell */
	bool has_below;
	uint64_t below;	     /* [RSP - 8], if has_below */
	bool at_return;	     /* RIP is at a return instruction */
	uint64_t top;	     /* [RSP], or 0 */
	bool stack_overflow; /* the address is in the guard of the task's stack */
};

enum fault_start fault_start(const struct trap_frame *frame, const struct fault_site *site);

/* "page fault: read of 0x0".  At most size - 1 bytes and a zero. */
void fault_cause(const struct trap_frame *frame, const struct fault_site *site, char *to,
		 size_t size);

/* What follows the last slash of a path. */
const char *file_name(const char *path);

/* The longest call instruction: an opcode, ModRM, SIB, a displacement, and a REX prefix. */
#define CALL_BYTES_MAX 8

/* Whether the bytes before `end`, at most CALL_BYTES_MAX from `start`, end in a call. */
bool ends_in_call(const uint8_t *start, const uint8_t *end);

#endif
