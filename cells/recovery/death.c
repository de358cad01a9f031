/* SPDX-License-Identifier: MIT */
/* The report of a fault that ends the system, see death.h.  Freestanding; no state of its own. */
#include "death.h"

#include <clew/machine.h>

#include "base/format.h"
#include "base/string.h"
#include "walk.h"

static void say(const char *text)
{
	machine_log(text, string_length(text));
}

static void say_frame(const struct fault_frame *frame)
{
	char line[160];

	if (frame->symbol[0])
		format_text(line, sizeof(line), "  %s:%s+0x%x\n", frame->cell, frame->symbol,
			    frame->offset);
	else
		format_text(line, sizeof(line), "  %s 0x%lx\n", frame->cell, frame->pc);
	say(line);
}

static void say_backtrace(const struct unwind_cursor *cursor, const struct unwind_stack *stack)
{
	struct fault_frame trace[FAULT_BACKTRACE_MAX];
	uint32_t n = walk_backtrace(cursor, stack, trace, FAULT_BACKTRACE_MAX);

	for (uint32_t i = 0; i < n; i++)
		say_frame(&trace[i]);
}

_Noreturn void death(uint32_t *deaths, const char *cause, const struct unwind_cursor *cursor,
		     const struct unwind_stack *stack)
{
	uint32_t before = (*deaths)++;
	char line[160];

	if (before < 2) {
		format_text(line, sizeof(line), "clew: died: %s, rip 0x%lx rsp 0x%lx\n", cause,
			    cursor->registers[UNWIND_RIP], cursor->registers[UNWIND_RSP]);
		say(line);
	}
	if (before < 1)
		say_backtrace(cursor, stack);
	machine_halt(MACHINE_DIED);
}
