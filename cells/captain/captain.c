/* SPDX-License-Identifier: MIT */
/*
 * Takes the system over from nano_core, erases it, and keeps house.
 *
 * captain_start() comes in on the machine's boot stack, moves to a stack of
 * its own, gives the machine the system's trap handlers and starts what runs.
 * Then its task lets replaced versions go and looks after nano_core's frames.
 * What started the machine (MACHINE_REGION_BOOT) counts as part of nano_core.
 */
#include <clew/captain.h>

#include <clew/bulk.h>
#include <clew/cell.h>
#include <clew/clock.h>
#include <clew/console.h>
#include <clew/control.h>
#include <clew/frame.h>
#include <clew/fs.h>
#include <clew/interrupt.h>
#include <clew/irq.h>
#include <clew/ledger.h>
#include <clew/log.h>
#include <clew/machine.h>
#include <clew/memory.h>
#include <clew/panic.h>
#include <clew/recovery.h>
#include <clew/shell.h>
#include <clew/swap.h>
#include <clew/task.h>

#include "arch/x86_64/context.h"
#include "base/string.h"

#define STACK_PAGES 16
#define HOUSEKEEPING_NS (200 * NS_PER_MS)

struct captain_state {
	map_rw stack;
	map_none guard;
	struct swap_range gone[MACHINE_REGIONS_MAX]; /* nano_core, and what started it */
	uint32_t n_gone;
	struct task_loop loop;
	bool released;
};

CELL_STATE(captain, "the first stack, and nano_core's frames until nothing points to them");

static _Noreturn void fail(const char *what)
{
	machine_log("captain: ", 9);
	machine_log(what, string_length(what));
	machine_log("\n", 1);
	machine_halt(MACHINE_NO_BOOT);
}

static void demand(int r, const char *what)
{
	if (r < 0)
		fail(what);
}

/* ---- the end of nano_core ---------------------------------------------------- */

static void find_nano_core(void)
{
	const struct machine_info *info = machine_info();

	for (uint32_t i = 0; i < info->n_regions; i++) {
		const struct machine_region *region = &info->regions[i];

		if (region->kind != MACHINE_REGION_NANO_CORE && region->kind != MACHINE_REGION_BOOT)
			continue;
		captain_state.gone[captain_state.n_gone++] = (struct swap_range){
			.first_page = region->start >> PAGE_SHIFT,
			.pages = region->size >> PAGE_SHIFT,
		};
	}
}

/* Not inlined: its address must not stay behind in a frame that lives on. */
__attribute__((noinline)) static void erase_nano_core(void)
{
	if (captain_state.n_gone == 0)
		fail("the machine names no nano_core");
	for (uint32_t i = 0; i < captain_state.n_gone; i++) {
		const struct swap_range *range = &captain_state.gone[i];

		machine_patch_fill(range->first_page << PAGE_SHIFT, 0xcc,
				   range->pages << PAGE_SHIFT);
		machine_unmap(range->first_page << PAGE_SHIFT, range->pages);
	}
}

static void count_pointer(void *context, const uint64_t *word, size_t range, struct task *stack_of)
{
	uint64_t *count = context;

	(void)range;
	(void)stack_of;
	log_write("captain: %p may point into nano_core", (const void *)word);
	++*count;
}

/* Its frames are free as soon as no memory holds a word that may point there. */
__attribute__((noinline)) static void release_nano_core(void)
{
	OWN(irq_guard, guard) = irq_off();
	uint64_t pointers = 0, pages = 0;

	if (captain_state.released)
		return;
	swap_scan(captain_state.gone, captain_state.n_gone, false, count_pointer, &pointers);
	if (pointers > 0)
		return;
	for (uint32_t i = 0; i < captain_state.n_gone; i++) {
		const struct swap_range *range = &captain_state.gone[i];

		frame_free(frame_adopt_region(range->first_page << PAGE_SHIFT, range->pages,
					      FRAME_NANO));
		pages += range->pages;
	}
	captain_state.released = true;
	log_write("captain: nano_core erased, %lu pages released", pages);
}

/* ---- taking over -------------------------------------------------------------- */

/* A step, so that a replaced version is left at the end of it. */
static int keep_house(void *unused)
{
	struct swap_pending pending;

	(void)unused;
	if (task_sleep_step(clock_now_ns() + HOUSEKEEPING_NS) == WAIT_E_RESTART)
		return TASK_AGAIN;
	if (!captain_state.released)
		release_nano_core();
	if (swap_next_pending(0, &pending) == 0)
		(void)swap_retire();
	(void)ledger_look_again();
	return TASK_AGAIN;
}

/* The system can do without: objects then come on the control line. */
static void start_bulk_line(void)
{
	int r = bulk_init();

	if (r < 0 && r != -ENODEV)
		log_write("captain: the bulk line cannot start: error %d", -r);
}

/* Without the files that do not fit, the system can be asked why. */
static void start_files(void)
{
	int r = fs_init();

	if (r < 0)
		log_write("captain: not all files are there: error %d", -r);
}

static void take_over(void *unused)
{
	uintptr_t low = (uintptr_t)map_rw_at(&captain_state.stack);

	(void)unused;
	demand(recovery_init(), "recovery cannot start");
	demand(interrupt_init(), "interrupts cannot start");
	demand(task_init("captain", low, low + map_rw_size(&captain_state.stack)),
	       "tasks cannot start");
	erase_nano_core();
	machine_irq_restore(true);
	release_nano_core();
	demand(console_init(), "the console cannot start");
	start_bulk_line();
	start_files();
	demand(control_start(), "the control line cannot start");
	demand(shell_start(), "the shell cannot start");
	captain_state.loop.step = keep_house;
	task_become(&captain_state.loop);
}

CELL_EXPORT _Noreturn void captain_start(void)
{
	uintptr_t high;

	find_nano_core();
	demand(map_rw_new(STACK_PAGES, FRAME_STACK, &captain_state.stack), "no memory for a stack");
	demand(map_rw_guard(&captain_state.stack, 1, &captain_state.guard), "no guard page");
	high = (uintptr_t)map_rw_at(&captain_state.stack) + map_rw_size(&captain_state.stack);
	context_abandon(high, take_over, NULL);
}

CELL("captain", 1, CELL_SERVICE, "takes the system over from nano_core and erases it");
