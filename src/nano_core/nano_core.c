/* SPDX-License-Identifier: MIT */
/*
 * Bootstrap: what runs until the first cells are there, and then is erased.
 *
 * nano_core is a static link of this file and of the very sources of the
 * cells frame, memory, heap, namespace and linker.  It loads those cells and
 * captain with all it needs, hands its own cells' state over to theirs, and
 * jumps to captain.  From then on nothing of it is used again; captain erases
 * it (cells/captain).  Runs on the machine's boot stack with interrupts off.
 */
#include <clew/captain.h>
#include <clew/frame.h>
#include <clew/linker.h>
#include <clew/machine.h>
#include <clew/panic.h>

#include "base/format.h"
#include "base/string.h"
#include "link/record.h"

/* The state of each copy here (CELL_HANDOVER); as bytes, since they are opaque. */
extern void *const frame_state_place, *const heap_state_place, *const namespace_state_place,
								       *const linker_state_place;

_Noreturn void nano_core_start(const struct machine_info *info);

static void say(const char *text)
{
	machine_log(text, string_length(text));
}

static _Noreturn void fail(const char *what)
{
	say("nano_core: ");
	say(what);
	say("\n");
	machine_halt(MACHINE_NO_BOOT);
}

/* ---- what recovery provides once there is one ------------------------------ */

_Noreturn void panic(const char *what)
{
	fail(what);
}

_Noreturn void panic_assert(const char *expression, const char *file, int line)
{
	(void)file;
	(void)line;
	fail(expression);
}

_Noreturn void own_overwritten(const char *file, int line)
{
	(void)line;
	fail(file);
}

_Noreturn void _Unwind_Resume(void *exception);
_Noreturn void _Unwind_Resume(void *exception)
{
	(void)exception;
	fail("unwound");
}

int __gcc_personality_v0(void);
int __gcc_personality_v0(void)
{
	return 0;
}

/* ---- bootstrap -------------------------------------------------------------- */

static void add_part(char *text, size_t size, const char *label, const char *part)
{
	size_t length = string_length(text);

	if (part[0])
		format_text(text + length, size - length, ": %s%s", label, part);
}

static _Noreturn void fail_with(const char *doing, const struct diag *diag)
{
	char text[512];

	string_copy(text, sizeof(text), doing);
	add_part(text, sizeof(text), "", diag->cell);
	add_part(text, sizeof(text), "section ", diag->section);
	add_part(text, sizeof(text), "symbol ", diag->symbol);
	add_part(text, sizeof(text), "", diag->what);
	add_part(text, sizeof(text), "expected ", diag->expected);
	add_part(text, sizeof(text), "found ", diag->found);
	fail(text);
}

static void hand_over(const struct link_cell *cells, const char *name, const void *state)
{
	for (; cells; cells = cells->next) {
		if (string_equal(cells->name, name)) {
			memcpy((void *)cells->state.va, state, cells->state.used);
			return;
		}
	}
	fail("a first cell is not loaded");
}

/* The newest cell is the head of the linker's list, which begins its state. */
static const struct link_cell *first_cell(void)
{
	const struct link_cell *first;

	memcpy(&first, linker_state_place, sizeof(first));
	return first;
}

_Noreturn void nano_core_start(const struct machine_info *info)
{
	const struct link_cell *cells;
	struct diag diag;
	uintptr_t captain;
	int r = frame_init(info);

	if (r < 0)
		fail("memory: too little, or no usable region");
	r = linker_init(&diag);
	if (r < 0)
		fail_with("linker", &diag);
	r = linker_load(namespace_root(), "captain", &diag);
	if (r < 0)
		fail_with("first cells", &diag);
	r = linker_symbol(namespace_root(), "captain_start", &captain);
	if (r == -ENOMEM)
		fail("first cells: captain: out of memory: expected an entry");
	if (r < 0)
		fail("captain provides no captain_start");
	cells = first_cell();
	hand_over(cells, "frame", frame_state_place);
	hand_over(cells, "heap", heap_state_place);
	hand_over(cells, "namespace", namespace_state_place);
	/* Last: a copy of the linker's records must see all the others. */
	hand_over(cells, "linker", linker_state_place);
	((__typeof__(captain_start) *)captain)();
	fail("captain returned");
}
